import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Calls the PIM with the credential set that Vault serves, through every rotation. Needs Java 17 or newer, no library.
 *
 * <pre>java Connector.java prod/erp</pre>
 *
 * VAULT_ADDR, VAULT_PIM_ROLE_ID_FILE and VAULT_PIM_SECRET_ID_FILE say where Vault is and how to log in (a private
 * authority: -Djavax.net.ssl.trustStore); or PIM_CREDENTIALS_FILE names the file that an agent or an operator keeps.
 * PIM_REFRESH is how often the set is read again, in seconds: at most `refresh_interval` of the connector's policy.
 */
public final class Connector {
    private static final HttpClient HTTP = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

    public static void main(String[] arguments) throws Exception {
        String file = System.getenv("PIM_CREDENTIALS_FILE");
        Source source = file != null ? new InFile(Path.of(file)) : new InVault(arguments[0]);
        Runtime.getRuntime().addShutdownHook(new Thread(source::leave));
        double seconds = Double.parseDouble(System.getenv().getOrDefault("PIM_REFRESH", "60"));
        Pim pim = new Pim(source, Duration.ofMillis((long) (seconds * 1000)));
        try {
            while (true) { // what the connector does: here it lists channels, until it is told to end
                int status = pim.get("/api/rest/v1/channels").statusCode();
                System.out.println("generation " + pim.generation() + ": " + status);
                Thread.sleep(500);
            }
        } catch (Refused refused) {
            System.err.println(refused.getMessage());
            System.exit(1);
        }
    }

    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message);
        }
    }

    record CredentialSet(
            String baseUrl, String clientId, String clientSecret, String username, String password, String generation) {
        static CredentialSet of(String json) {
            return new CredentialSet(
                    field(json, "base_url"), field(json, "client_id"), field(json, "client_secret"),
                    field(json, "username"), field(json, "password"), field(json, "generation"));
        }

        @Override
        public String toString() { // a record would show its secrets
            return "generation " + generation;
        }
    }

    interface Source {
        CredentialSet read() throws IOException, InterruptedException;

        /** To be called when tokens of that generation are in use; again within the hour. */
        default void uses(String generation) throws IOException, InterruptedException {}

        default void leave() {}
    }

    record InFile(Path file) implements Source {
        @Override
        public CredentialSet read() throws IOException {
            return CredentialSet.of(Files.readString(file));
        }
    }

    /** The served set in Vault; tells vault-pim which generation is in use. */
    static final class InVault implements Source {
        private final String connector;
        private final String host;
        private final String reader;
        private String token;
        private String said;
        private Instant saidAt;

        InVault(String connector) throws IOException {
            this.connector = connector;
            host = InetAddress.getLocalHost().getHostName();
            String name = host.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9.-]", "-");
            name = "j-" + name.substring(0, Math.min(60, name.length())) + "-" + ProcessHandle.current().pid();
            reader = "pim/metadata/readers/" + connector + "/" + name;
        }

        @Override
        public CredentialSet read() throws IOException, InterruptedException {
            return CredentialSet.of(ask("GET", "pim/data/connectors/" + connector, null));
        }

        @Override
        public synchronized void uses(String generation) throws IOException, InterruptedException {
            if (generation.equals(said) && saidAt.plus(Duration.ofMinutes(50)).isAfter(Instant.now())) {
                return;
            }
            String at = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
            String note = object(Map.of("generation", generation, "at", at, "host", host));
            ask("POST", reader, "{\"custom_metadata\": " + note + "}");
            said = generation;
            saidAt = Instant.now();
        }

        @Override
        public synchronized void leave() {
            try {
                if (said != null) {
                    ask("DELETE", reader, null);
                }
            } catch (IOException | InterruptedException error) {
                System.err.println("vault-pim was not told of the end: " + error.getMessage());
            }
        }

        private synchronized String ask(String method, String path, String body)
                throws IOException, InterruptedException {
            if (token == null) {
                token = logIn();
            }
            HttpResponse<String> answer = send(method, path, body);
            if (answer.statusCode() == 403) { // the token has ended
                token = logIn();
                answer = send(method, path, body);
            }
            if (answer.statusCode() >= 300) {
                throw new IOException("Vault answers " + answer.statusCode() + " to " + method + " " + path);
            }
            return answer.body();
        }

        private String logIn() throws IOException, InterruptedException {
            token = null;
            Map<String, String> login = Map.of(
                    "role_id", Files.readString(Path.of(System.getenv("VAULT_PIM_ROLE_ID_FILE"))).strip(),
                    "secret_id", Files.readString(Path.of(System.getenv("VAULT_PIM_SECRET_ID_FILE"))).strip());
            HttpResponse<String> answer = send("POST", "auth/vault-pim/" + connector + "/login", object(login));
            if (answer.statusCode() != 200) {
                throw new IOException("Vault answers " + answer.statusCode() + " to the login");
            }
            return field(answer.body(), "client_token");
        }

        private HttpResponse<String> send(String method, String path, String body)
                throws IOException, InterruptedException {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(System.getenv("VAULT_ADDR") + "/v1/" + path))
                    .timeout(Duration.ofSeconds(30))
                    .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
            if (token != null) {
                request.header("X-Vault-Token", token);
            }
            return HTTP.send(request.build(), BodyHandlers.ofString()); // follows no redirect
        }
    }

    static final class Pim {
        private final Source source;
        private final Duration refresh;
        private CredentialSet set;
        private String token;
        private Instant readAt;

        Pim(Source source, Duration refresh) throws IOException, InterruptedException {
            this.source = source;
            this.refresh = refresh;
            set = source.read();
            readAt = Instant.now();
        }

        synchronized String generation() {
            return set.generation();
        }

        /** GET of a path of the API. */
        synchronized HttpResponse<String> get(String path) throws IOException, InterruptedException, Refused {
            if (readAt.plus(refresh).isBefore(Instant.now())) {
                look();
            }
            HttpResponse<String> answer = called(path);
            if (answer.statusCode() == 401) { // the token has ended, or its set: look which
                look();
                token = null;
                answer = called(path);
            }
            return answer;
        }

        private HttpResponse<String> called(String path) throws IOException, InterruptedException, Refused {
            if (token == null) {
                token = grant();
            }
            return send(HttpRequest.newBuilder(URI.create(set.baseUrl() + path)).header("Authorization", "Bearer " + token));
        }

        /** An access token. A refused set is tried again only if a newer one is there. */
        private String grant() throws IOException, InterruptedException, Refused {
            CredentialSet tried;
            do {
                tried = set;
                String client = tried.clientId() + ":" + tried.clientSecret();
                String basic = Base64.getEncoder().encodeToString(client.getBytes(StandardCharsets.UTF_8));
                Map<String, String> body =
                        Map.of("grant_type", "password", "username", tried.username(), "password", tried.password());
                HttpResponse<String> answer = send(
                        HttpRequest.newBuilder(URI.create(tried.baseUrl() + "/api/oauth/v1/token"))
                                .header("Content-Type", "application/json")
                                .header("Authorization", "Basic " + basic)
                                .POST(BodyPublishers.ofString(object(body))));
                switch (answer.statusCode()) {
                    case 200 -> {
                        tell();
                        return field(answer.body(), "access_token");
                    }
                    case 400, 401, 422 -> look();
                    default -> throw new IOException("the PIM answers " + answer.statusCode() + " to a token grant");
                }
            } while (!set.equals(tried));
            throw new Refused("the PIM refuses generation " + tried.generation() + ", and there is no newer one");
        }

        /** Read the set; a token of another one is not used any more. Without an answer the one in hand is kept. */
        private void look() throws InterruptedException {
            try {
                CredentialSet found = source.read();
                if (!found.equals(set)) {
                    token = null;
                }
                set = found;
                if (token != null) {
                    tell();
                }
            } catch (IOException error) {
                System.err.println("no news of the credential set: " + error.getMessage());
            }
            readAt = Instant.now();
        }

        private void tell() throws InterruptedException {
            try {
                source.uses(set.generation());
            } catch (IOException error) {
                System.err.println("vault-pim is not told which generation is in use: " + error.getMessage());
            }
        }

        private static HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
            return HTTP.send(request.timeout(Duration.ofSeconds(30)).build(), BodyHandlers.ofString());
        }
    }

    // Enough JSON for documents whose values are strings; a connector that has a JSON library uses that.

    static String field(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"").matcher(json);
        if (!found.find()) {
            throw new IllegalArgumentException("there is no field " + name);
        }
        return Pattern.compile("\\\\(?:u([0-9a-fA-F]{4})|(.))").matcher(found.group(1)).replaceAll(one -> {
            String plain = one.group(1) == null ? one.group(2) : Character.toString(Integer.parseInt(one.group(1), 16));
            return Matcher.quoteReplacement(plain);
        });
    }

    static String object(Map<String, String> fields) {
        StringBuilder text = new StringBuilder();
        fields.forEach((name, value) -> text.append(text.isEmpty() ? "{" : ", ")
                .append('"').append(name).append("\": \"")
                .append(value.replace("\\", "\\\\").replace("\"", "\\\"")).append('"'));
        return text.append('}').toString();
    }
}
