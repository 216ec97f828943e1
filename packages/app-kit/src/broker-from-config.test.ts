import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "@hikyaku/config";
import { makeTestCertificate, redisServerPath, speaksTls, startRedisServer } from "@hikyaku/test-support";
import { describe, expect, it, onTestFinished } from "vitest";
import { brokerFromConfig } from "./broker-from-config.ts";

function brokerOf(jobqueue: string, env: Readonly<Record<string, string>> = {}) {
  const rootDir = mkdtempSync(join(tmpdir(), "hikyaku-broker-"));
  onTestFinished(() => rmSync(rootDir, { recursive: true }));
  mkdirSync(join(rootDir, "config/local"), { recursive: true });
  writeFileSync(join(rootDir, "config/local/config.yaml"), "jobqueue: {store: redis}\n");
  writeFileSync(join(rootDir, "config/local/cacheserver.yaml"), `redis: {jobqueue: ${jobqueue}}\n`);
  const broker = brokerFromConfig(loadConfig({ rootDir, env }));
  onTestFinished(() => broker.close());
  return broker;
}

describe("the broker that the settings ask for", () => {
  it.each([
    ["{}", "redis://localhost:6379/0"],
    ["{addr: a.invalid:1, db: 2, tls: true}", "rediss://a.invalid:1/2"],
    [
      "{sentinel: {master_name: queue, addrs: [a.invalid:1, b.invalid:2]}, db: 3}",
      "redis+sentinel://a.invalid:1,b.invalid:2/queue/3",
    ],
    ["{cluster: {addrs: [a.invalid:1, b.invalid:2]}, tls: true}", "rediss+cluster://a.invalid:1,b.invalid:2"],
    ["{cluster: {addrs: [a.invalid:1]}, db: 3}", "redis+cluster://a.invalid:1/3"],
  ])("is the one of %s", (jobqueue, location) => {
    expect(brokerOf(jobqueue).location).toBe(location);
  });

  it.skipIf(redisServerPath() === undefined)(
    "reads the certificates, the user and the durability (needs redis-server)",
    async ({ skip }) => {
      skip(!speaksTls(redisServerPath()), `${redisServerPath()} was built without TLS`);
      const certificate = await makeTestCertificate();
      onTestFinished(() => certificate.remove());
      const server = await startRedisServer({
        tls: { ...certificate, clients: "yes" },
        args: ["--requirepass", "secret"],
      });
      onTestFinished(() => server.stop());
      const { caFile, certFile, keyFile } = certificate;
      const tls = `{enabled: true, ca_file: ${caFile}, cert_file: ${certFile}, key_file: ${keyFile}}`;
      const broker = brokerOf(
        `{addr: 127.0.0.1:${server.port}, username: default, tls: ${tls}, durability: {replicas: 1}}`,
        {
          HIKYAKU__REDIS__JOBQUEUE__PASSWORD: "secret",
        },
      );
      await broker.ready();
      const findings = await broker.checkSettings();
      expect(findings.map(({ kind }) => kind)).toContain("too_few_replicas");
    },
  );
});
