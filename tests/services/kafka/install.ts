import { mavenJars } from "../maven-jars.ts";

export const { whatIsMissing, whyNotReady, install } = mavenJars(
  "kafka",
  "Kafka",
  import.meta.dirname,
  "npm run kafka",
);
