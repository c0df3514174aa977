import path from "node:path";

/** Figures as people read them. */
export const count = (value: number) => value.toLocaleString("en-US");
export const seconds = (value: number) => `${value.toFixed(2)} s`;
export const bytes = (value: number) =>
  value < 1e6 ? `${(value / 1e3).toFixed(0)} kB` : `${(value / 1e6).toFixed(1)} MB`;

/** A path as short as it can be said from here. */
export const nearPath = (file: string) => {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith("..") ? file : relative || ".";
};
