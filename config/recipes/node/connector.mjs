/**
 * Calls the PIM with the credential set that Vault serves, through every rotation. Needs Node.js 18 or newer, no package.
 *
 *     node connector.mjs prod/erp
 *
 * VAULT_ADDR, VAULT_PIM_ROLE_ID_FILE and VAULT_PIM_SECRET_ID_FILE say where Vault is and how to log in (a private
 * authority: NODE_EXTRA_CA_CERTS); or PIM_CREDENTIALS_FILE names the file that an agent or an operator keeps.
 * PIM_REFRESH is how often the set is read again, in seconds: at most `refresh_interval` of the connector's policy.
 */

import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

const { env } = process;
const HOUR = 3_600_000;

class Refused extends Error {}

/** The served set in a file. */
class SetInFile {
  async read() {
    return JSON.parse(await readFile(env.PIM_CREDENTIALS_FILE, "utf8"));
  }

  async uses() {}

  async leave() {}
}

/** The served set in Vault; tells vault-pim which generation is in use. */
class SetInVault {
  #connector;
  #token;
  #reader;
  #said = { generation: null, at: 0 };

  constructor(connector) {
    this.#connector = connector;
    const host = hostname().toLowerCase().replace(/[^a-z0-9.-]/g, "-").slice(0, 60);
    this.#reader = `pim/metadata/readers/${connector}/n-${host}-${process.pid}`;
  }

  async read() {
    return (await this.#ask("GET", `pim/data/connectors/${this.#connector}`)).data.data;
  }

  /** To be called when tokens of that generation are in use; again within the hour. */
  async uses(generation) {
    if (generation === this.#said.generation && Date.now() - this.#said.at < HOUR * 0.8) return;
    const at = new Date().toISOString();
    await this.#ask("POST", this.#reader, { custom_metadata: { generation, at, host: hostname() } });
    this.#said = { generation, at: Date.now() };
  }

  async leave() {
    if (this.#said.generation) await this.#ask("DELETE", this.#reader);
  }

  async #ask(method, path, body) {
    this.#token ??= await this.#logIn();
    let answer = await this.#send(method, path, body, this.#token);
    if (answer.status === 403) {
      // the token has ended
      this.#token = await this.#logIn();
      answer = await this.#send(method, path, body, this.#token);
    }
    if (!answer.ok) throw new Error(`Vault answers ${answer.status} to ${method} ${path}`);
    return answer.status === 204 ? null : answer.json();
  }

  async #logIn() {
    const [role_id, secret_id] = await Promise.all(
      [env.VAULT_PIM_ROLE_ID_FILE, env.VAULT_PIM_SECRET_ID_FILE].map(async (file) => (await readFile(file, "utf8")).trim()),
    );
    const answer = await this.#send("POST", `auth/vault-pim/${this.#connector}/login`, { role_id, secret_id });
    if (!answer.ok) throw new Error(`Vault answers ${answer.status} to the login`);
    return (await answer.json()).auth.client_token;
  }

  #send(method, path, body, token) {
    return fetch(`${env.VAULT_ADDR}/v1/${path}`, {
      method,
      headers: token ? { "X-Vault-Token": token } : {},
      body: body && JSON.stringify(body),
      redirect: "error", // the token would travel with it
      signal: AbortSignal.timeout(30_000),
    });
  }
}

class Pim {
  #source;
  #refresh;
  #set;
  #token;
  #readAt = 0;

  constructor(source, refresh) {
    this.#source = source;
    this.#refresh = refresh;
  }

  get generation() {
    return this.#set.generation;
  }

  /** GET of a path of the API. */
  async get(path) {
    if (Date.now() - this.#readAt >= this.#refresh) await this.#look();
    let answer = await this.#called(path);
    if (answer.status === 401) {
      // the token has ended, or its set: look which
      await this.#look();
      this.#token = undefined;
      answer = await this.#called(path);
    }
    return answer;
  }

  async #called(path) {
    this.#token ??= await this.#grant();
    return this.#send(path, { headers: { Authorization: `Bearer ${this.#token}` } });
  }

  /** An access token. A refused set is tried again only if a newer one is there. */
  async #grant() {
    let tried;
    do {
      tried = this.#set;
      const { client_id, client_secret, username, password, generation } = tried;
      const answer = await this.#send("/api/oauth/v1/token", {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          Authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString("base64")}`,
        },
        body: JSON.stringify({ grant_type: "password", username, password }),
      });
      if (answer.ok) {
        await this.#source.uses(generation).catch((error) => console.error(error.message));
        return (await answer.json()).access_token;
      }
      if (![400, 401, 422].includes(answer.status)) throw new Error(`the PIM answers ${answer.status} to a token grant`);
      await this.#look();
    } while (this.#set.generation !== tried.generation);
    throw new Refused(`the PIM refuses generation ${tried.generation}, and there is no newer one`);
  }

  /** Read the set; a token of another one is not used any more. Without an answer the one in hand is kept. */
  async #look() {
    try {
      const set = await this.#source.read();
      if (set.generation !== this.#set?.generation) this.#token = undefined;
      this.#set = set;
      if (this.#token) await this.#source.uses(set.generation);
    } catch (error) {
      if (!this.#set) throw error;
      console.error(`no news of the credential set: ${error.message}`);
    }
    this.#readAt = Date.now();
  }

  #send(path, request) {
    return fetch(this.#set.base_url + path, { ...request, signal: AbortSignal.timeout(30_000) });
  }
}

// What the connector does: here it lists channels, until it is told to end.
const source = env.PIM_CREDENTIALS_FILE ? new SetInFile() : new SetInVault(process.argv[2]);
const pim = new Pim(source, Number(env.PIM_REFRESH ?? 60) * 1000);
let ending = false;
process.once("SIGTERM", () => (ending = true));
try {
  while (!ending) {
    const answer = await pim.get("/api/rest/v1/channels");
    await answer.arrayBuffer();
    console.log(`generation ${pim.generation}: ${answer.status}`);
    await pause(500);
  }
} catch (error) {
  console.error(error instanceof Refused ? error.message : error);
  process.exitCode = 1;
} finally {
  await source.leave().catch((error) => console.error(error.message));
}
