import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { getPriority, setPriority } from "node:os";
import path from "node:path";
import { freePort } from "../free-port.ts";
import type { Installed } from "./install.ts";

export interface Spark {
  readonly port: number;
  readonly log: string;
  stop(): Promise<void>;
}

/** What goes wrong. All that Spark tells would be 80 MB for a test. */
const logging = `rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
logger.started.name = org.apache.spark.sql.hive.thriftserver.HiveThriftServer2
logger.started.level = info
`;

/** Starts Spark's Thrift server on 127.0.0.1 with its tables in `folder`. Takes about 12 seconds and 1.5 GB. */
export async function startSpark({ spark, jars }: Installed, folder: string): Promise<Spark> {
  await mkdir(path.join(folder, "conf"), { recursive: true });
  await writeFile(path.join(folder, "conf/log4j2.properties"), logging);
  const port = await freePort();
  const settings = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    // What the UI would show of past statements, among it their plans, is kept even without a UI.
    "spark.sql.ui.retainedExecutions": "1",
    "spark.sql.thriftserver.ui.retainedStatements": "1",
    "spark.sql.thriftserver.ui.retainedSessions": "1",
    "spark.ui.retainedJobs": "1",
    "spark.ui.retainedStages": "1",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.warehouse.dir": path.join(folder, "tables"),
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.sources.default": "delta",
    // Tables are small here, and compiling a plan takes longer than running it.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    // Fails for the greatest date of a table: the Thrift server wants dates as another class of Java than Delta gives.
    "spark.databricks.delta.optimizeMetadataQuery.enabled": "false",
    // What makes large tables quick to read takes a fifth of the time of a commit, and tables are small here.
    "spark.databricks.delta.properties.defaults.checkpointInterval": "1000",
    "spark.databricks.delta.writeChecksumFile.enabled": "false",
    "spark.databricks.delta.stats.collect": "false",
    "spark.databricks.delta.commitValidation.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
    // Otherwise VACUUM starts thousands of tasks.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
  };
  // Binary mode, because Spark's HTTP mode listens on every address of the machine whatever it is told.
  const hive = {
    "hive.server2.transport.mode": "binary",
    "hive.server2.authentication": "NOSASL",
    "hive.server2.thrift.bind.host": "127.0.0.1",
    "hive.server2.thrift.port": String(port),
  };
  const options = [
    ["--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"],
    ["--master", "local[2]"],
    ["--driver-memory", "1536m"],
    ["--driver-class-path", jars.join(":")],
    [
      "--driver-java-options",
      // A short life repays neither the thorough compiler nor verifying some 30,000 classes.
      "-Duser.timezone=UTC -Xmn700m -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC " +
        "-XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote",
    ],
    ...Object.entries(settings).map(([name, value]) => ["--conf", `${name}=${value}`]),
    ["spark-internal"],
    ...Object.entries(hive).map(([name, value]) => ["--hiveconf", `${name}=${value}`]),
  ];
  const server = spawn(path.join(spark, "bin/spark-submit"), options.flat(), {
    cwd: folder,
    env: {
      ...process.env,
      SPARK_HOME: spark,
      SPARK_CONF_DIR: path.join(folder, "conf"),
      SPARK_LOCAL_IP: "127.0.0.1",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    // What waits for Spark waits longest; whoever may not raise a priority goes without, and who started under `nice` stays so.
    if (server.pid && getPriority() <= 0) setPriority(server.pid, -5);
  } catch {}
  const log = path.join(folder, "spark.log");
  const file = createWriteStream(log);
  const ended = new Promise<void>((resolve) => void server.once("exit", () => resolve()));
  const stop = async () => {
    server.kill("SIGTERM");
    const hard = setTimeout(() => server.kill("SIGKILL"), 5000);
    await ended;
    clearTimeout(hard);
  };
  const started = new Promise<void>((resolve) => {
    for (const stream of [server.stdout, server.stderr])
      stream.on("data", (chunk: Buffer) => {
        file.write(chunk);
        if (chunk.includes("HiveThriftServer2 started")) resolve();
      });
  });
  const limit = new Promise<"late">((resolve) => void setTimeout(resolve, 300_000, "late").unref());
  const first = await Promise.race([started, ended.then(() => "ended"), limit]);
  if (first) {
    await stop();
    const tail = (await readFile(log, "utf8")).split("\n").slice(-15).join("\n");
    throw new Error(`Spark did not start (${first}):\n${tail}`);
  }
  return { port, log, stop };
}
