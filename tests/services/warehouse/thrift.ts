import { thrift } from "@databricks/sql";
import type Int64 from "node-int64";

/** The service as the client itself defines it: a superset of what Spark's Thrift server speaks. */
export const service = thrift.TCLIService;
export const types = thrift.TCLIService_types;

/** A 64-bit number as thrift reads it. */
export type Wide = Int64 | number;
