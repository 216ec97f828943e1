import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const openSslConfig = `[req]
distinguished_name = subject
[subject]
[authority]
basicConstraints = critical, CA:TRUE
[server]
subjectAltName = IP:127.0.0.1, DNS:localhost
`;

/** A certificate for `127.0.0.1` and `localhost`, of an authority made for it alone. */
export interface TestCertificate {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** What the files hold. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes a certificate by `openssl`, in a new folder that `remove()` removes. Good for a day. */
export async function makeTestCertificate(): Promise<TestCertificate & { remove(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), "hikyaku-tls-"));
  const path = (name: string): string => join(dir, name);
  // macOS brings LibreSSL, which knows fewer options and has other defaults; a configuration of ours is read by both.
  const config = path("openssl.cnf");
  await writeFile(config, openSslConfig);
  const newKey = ["-config", config, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await run("openssl", [
    "req",
    "-x509",
    ...newKey,
    "-extensions",
    "authority",
    "-days",
    "1",
    "-subj",
    "/CN=Hikyaku test authority",
    "-keyout",
    path("ca.key"),
    "-out",
    path("ca.pem"),
  ]);
  await run("openssl", [
    "req",
    ...newKey,
    "-subj",
    "/CN=localhost",
    "-keyout",
    path("server.key"),
    "-out",
    path("server.csr"),
  ]);
  await run("openssl", [
    "x509",
    "-req",
    "-in",
    path("server.csr"),
    "-CA",
    path("ca.pem"),
    "-CAkey",
    path("ca.key"),
    "-CAcreateserial",
    "-days",
    "1",
    "-extfile",
    config,
    "-extensions",
    "server",
    "-out",
    path("server.pem"),
  ]);
  const [caFile, certFile, keyFile] = [path("ca.pem"), path("server.pem"), path("server.key")];
  const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map((file) => readFile(file, "utf8")));
  return {
    caFile,
    certFile,
    keyFile,
    ca: ca ?? "",
    cert: cert ?? "",
    key: key ?? "",
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
