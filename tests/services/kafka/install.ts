import { mavenJars } from "../maven-jars.ts";

const jars = mavenJars("kafka", "Kafka", import.meta.dirname, "npm run kafka");

export const whatIsMissing = jars.whatIsMissing;
export const whyNotReady = jars.whyNotReady;
export const install = jars.install;
