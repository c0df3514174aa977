import { mavenJars } from "../maven-jars.ts";

const jars = mavenJars("mongo", "the server of reviews", import.meta.dirname, "npm run reviews");

export const whyNotReady = jars.whyNotReady;
export const install = jars.install;
