/** The clickstream's topic. */
export { followTopic, type Follower } from "../kafka/follow.js";
