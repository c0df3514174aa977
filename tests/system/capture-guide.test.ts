import { spawn, type ChildProcess } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whyNotReady as whyNoConnect } from "../services/connect/install.ts";
import { freePort } from "../services/free-port.ts";
import { whyNotReady as whyNoKafka } from "../services/kafka/install.ts";
import { whyNoPostgres } from "../services/postgres/programs.ts";
import { lakehouse, projectRoot, type Lakehouse } from "./cli.ts";
import { query } from "./tables.ts";

const absent = whyNoPostgres() ?? (await whyNoKafka()) ?? (await whyNoConnect());

/** The commands of a section of docs/databases.md, without what is said behind them. */
async function commandsOf(section: string): Promise<string[]> {
  const guide = await readFile(path.join(projectRoot, "docs/databases.md"), "utf8");
  const text = guide.split(/^## /m).find((part) => part.startsWith(section)) ?? "";
  const [block = ""] = text.match(/(?:^ {4}.*\n)+/m) ?? [];
  return block.split("\n").flatMap((line) => line.replace(/\s+#.*$/, "").trim() || []);
}

describe.skipIf(absent)(
  `docs/databases.md, word for word${absent ? ` (skipped: ${absent})` : ""}`,
  { timeout: 300_000 },
  () => {
    let shop: Lakehouse;
    const servers: { child: ChildProcess; over: Promise<unknown> }[] = [];
    let data: string | undefined;
    beforeAll(async () => void (shop = await lakehouse()));
    afterAll(async () => {
      for (const { child, over } of servers.toReversed()) {
        // Ctrl-C reaches the whole group of processes.
        process.kill(-child.pid!, "SIGINT");
        await over;
      }
      if (data) await rm(data, { recursive: true });
      await shop?.remove();
    });

    /** Begins a command and waits for the line that it prints for the other terminals, or for its end. */
    async function begin(command: string, env: Readonly<Record<string, string>>): Promise<string> {
      const child = spawn("bash", ["-c", command], {
        cwd: projectRoot,
        env: { ...process.env, SHOPMETRICS_HOME: shop.home, ...env },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      });
      let said = "";
      const over = new Promise<number | null>((resolve) => child.once("close", resolve));
      const ready = new Promise<void>((resolve) => {
        for (const stream of [child.stdout, child.stderr])
          stream.on("data", (bytes: Buffer) => {
            said += bytes.toString();
            if (/^export .*\n/m.test(said)) resolve();
          });
      });
      const code = await Promise.race([ready, over]);
      if (code === undefined) servers.push({ child, over });
      else if (code !== 0) throw new Error(`${command} ended with ${code}: ${said}`);
      return said;
    }

    it("brings a running capture from zero", async () => {
      const commands = await commandsOf("From zero to a running capture");
      expect(commands).toHaveLength(4);
      const env: Record<string, string> = { POSTGRES_ROUTE: "changes" };
      for (const command of commands) {
        const hasPort = /^npm run (?:shop|kafka)/.test(command);
        const said = await begin(
          hasPort ? `${command}${command.includes(" -- ") ? "" : " --"} --port ${await freePort()}` : command,
          env,
        );
        data ??= said.match(/The shop's data are in (\/var\/tmp\/.+)\.\n/)?.[1];
        for (const [, name, value] of said.matchAll(/^export (\w+)=(.*)$/gm)) env[name!] = value!;
      }
      expect(env).toMatchObject({ POSTGRES_URL: expect.any(String), KAFKA_BROKERS: expect.any(String) });
      for (const table of ["customers", "orders", "payments"]) {
        const [row] = await query(shop, `select count(*)::int as n from bronze.${table}_changes`);
        expect([table, Number(row!["n"]) > 0]).toEqual([table, true]);
      }
      const [days] = await query(shop, "select count(*)::int as n from gold.daily_sales_summary");
      expect(Number(days!["n"])).toBeGreaterThan(0);
    });
  },
);
