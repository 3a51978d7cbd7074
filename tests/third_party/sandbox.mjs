// Starts `cosell sandbox` for one system in a folder of its own and stops it; both clients' tests use it.
// Nothing here belongs to a client: the clients are used as their authors published them.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

// `system`: "salesforce" or "dynamics365". Answers where it is and how to turn a switch or stop it.
export async function startSandbox(system, deals) {
  const dir = mkdtempSync(join(tmpdir(), "cosell-third-party-"));
  const args = ["sandbox", "--dir", dir, "--deals", String(deals), "--json"];
  const child = spawn(process.env.COSELL_BINARY, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([
    new Promise((resolve) => lines.once("line", resolve)),
    ended.then((code) => Promise.reject(new Error(`the sandbox ended with ${code} before it was ready`))),
  ]);
  const ready = JSON.parse(first).pairs[system].crm;
  const control = async (verb, body) => {
    const answer = await fetch(`${ready.control_url}/${verb}`, { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${verb}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  return {
    url: ready.base_url,
    // How the sandbox's own configuration logs in.
    login: JSON.parse(readFileSync(join(dir, "cosell.jsonc"), "utf8")).pairs[system].crm.login,
    secret: (name) => readFileSync(join(dir, "secrets", name), "utf8").trim(),
    control,
    set: (switches) => control("settings", switches),
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
