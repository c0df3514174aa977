declare module "@jupyterlab/codemirror";
declare module "@jupyterlab/notebook";
