/** The clickstream's topic, and the schemas of topics. */
export { followTopic, type Follower } from "../kafka/follow.js";
export { openRegistry, subjectOf } from "../kafka/registry.js";
export { schemaChanges, type SchemaChange } from "../kafka/schema-changes.js";
export { registryType, schemaOf } from "../kafka/schema.js";
