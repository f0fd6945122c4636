<?php

/**
 * Calls the PIM with the credential set in a file, through every rotation. Needs PHP 8.1 or newer with curl.
 *
 * The file is what an agent, `vault-pim exec --file json` or a Kubernetes operator keeps: PIM_CREDENTIALS_FILE names it.
 * PIM_REFRESH is how often it is read again, in seconds: at most `refresh_interval` of the connector's policy, less what
 * the agent takes.
 */

declare(strict_types=1);

final class Refused extends RuntimeException
{
}

final class Pim
{
    /** @var array<string, string> */
    private array $set = [];
    private ?string $token = null;
    private float $readAt = 0.0;

    public function __construct(private string $file, private float $refresh)
    {
        $this->read();
    }

    /**
     * GET of a path of the API.
     *
     * @return array{int, string} status and body
     */
    public function get(string $path): array
    {
        if (microtime(true) - $this->readAt >= $this->refresh) {
            $this->read();
        }
        $answer = $this->called($path);
        if ($answer[0] === 401) { // the token has ended, or its set: look which
            $this->read();
            $this->token = null;
            $answer = $this->called($path);
        }

        return $answer;
    }

    public function generation(): string
    {
        return $this->set['generation'];
    }

    private function called(string $path): array
    {
        $this->token ??= $this->grant();

        return $this->send($path, ["Authorization: Bearer $this->token"]);
    }

    /** An access token. A refused set is tried again only if a newer one is there. */
    private function grant(): string
    {
        do {
            $tried = $this->set;
            [$status, $body] = $this->send(
                '/api/oauth/v1/token',
                [
                    'Content-Type: application/json',
                    'Authorization: Basic ' . base64_encode("{$tried['client_id']}:{$tried['client_secret']}"),
                ],
                ['grant_type' => 'password', 'username' => $tried['username'], 'password' => $tried['password']],
            );
            if ($status === 200) {
                return json_decode($body, true, flags: JSON_THROW_ON_ERROR)['access_token'];
            }
            if (!in_array($status, [400, 401, 422], true)) {
                throw new RuntimeException("the PIM answers $status to a token grant");
            }
            $this->read();
        } while ($this->set !== $tried);

        throw new Refused("the PIM refuses generation {$tried['generation']}, and there is no newer one");
    }

    /** Read the set; a token of another one is not used any more. */
    private function read(): void
    {
        $set = json_decode(file_get_contents($this->file), true, flags: JSON_THROW_ON_ERROR);
        if ($set !== $this->set) {
            $this->token = null;
        }
        $this->set = $set;
        $this->readAt = microtime(true);
    }

    private function send(string $path, array $headers, ?array $body = null): array
    {
        $request = curl_init($this->set['base_url'] . $path);
        curl_setopt_array($request, [CURLOPT_HTTPHEADER => $headers, CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 30]);
        if ($body !== null) {
            curl_setopt($request, CURLOPT_POSTFIELDS, json_encode($body, JSON_THROW_ON_ERROR));
        }
        $answer = curl_exec($request);
        if ($answer === false) {
            throw new RuntimeException('the PIM gives no answer: ' . curl_error($request));
        }

        return [curl_getinfo($request, CURLINFO_RESPONSE_CODE), $answer];
    }
}

// What the connector does: here it lists channels, for ever.
$refresh = (float) (getenv('PIM_REFRESH') ?: 60);
$pim = new Pim(getenv('PIM_CREDENTIALS_FILE') ?: '/run/erp/pim.json', $refresh);
try {
    while (true) {
        [$status] = $pim->get('/api/rest/v1/channels');
        echo "generation {$pim->generation()}: $status\n";
        usleep(500_000);
    }
} catch (Refused $refused) {
    fwrite(STDERR, $refused->getMessage() . "\n");
    exit(1);
}
