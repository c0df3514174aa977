import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
  /** The path of the authority's certificate, for NODE_EXTRA_CA_CERTS. */
  readonly ca: string;
}

/** Makes an authority that lives for a day and a certificate of it for 127.0.0.1, in `folder`. */
export function makeCertificate(folder: string): Certificate {
  const at = (name: string) => path.join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  const authority = [
    "-keyout",
    at("ca.key"),
    "-out",
    at("ca.pem"),
    "-subj",
    "/CN=ShopMetrics test warehouse",
  ];
  openssl("req", "-x509", ...newKey, ...authority);
  const server = ["-keyout", at("server.key"), "-out", at("server.pem"), "-subj", "/CN=localhost"];
  const signed = ["-CA", at("ca.pem"), "-CAkey", at("ca.key")];
  const extensions = [
    "-addext",
    "subjectAltName=IP:127.0.0.1,DNS:localhost",
    "-addext",
    "basicConstraints=CA:FALSE",
  ];
  openssl("req", "-x509", ...newKey, ...server, ...signed, ...extensions);
  return { key: readFileSync(at("server.key")), cert: readFileSync(at("server.pem")), ca: at("ca.pem") };
}
