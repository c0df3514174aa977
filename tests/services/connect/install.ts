import { mavenJars } from "../maven-jars.ts";

const jars = mavenJars("connect", "Kafka Connect", import.meta.dirname, "npm run connect");

export const whyNotReady = jars.whyNotReady;
export const install = jars.install;
