/** A notebook imported by vite's plugin (build/src/notebook/plugin.ts): importing it runs its cells. */
declare module "*.ipynb" {
  const step: {
    path: string;
    front: { title: string; job: string; runtime: "sql" | "node"; reads?: string[]; writes?: string[] };
  };
  export default step;
}
