import { mavenJars } from "../maven-jars.ts";

export const { whyNotReady, install } = mavenJars(
  "connect",
  "Kafka Connect",
  import.meta.dirname,
  "npm run connect",
);
