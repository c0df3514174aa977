import { parentPort, workerData } from "node:worker_threads";
import { hashFile } from "./checksum.js";

parentPort?.postMessage(await hashFile(workerData as string));
