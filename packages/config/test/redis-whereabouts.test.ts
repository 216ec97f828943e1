import { describe, expect, it } from "vitest";
import { load, problemsOf } from "./config-folder.ts";

const jobqueue = (given: Parameters<typeof load>[0]) => load(given).redis.jobqueue;
const of = (settings: string): { cacheserver: string } => ({ cacheserver: `redis: {jobqueue: ${settings}}` });

describe("where the queue's own Redis is", () => {
  it("is one server, on this machine when nothing is said", () => {
    expect(jobqueue({})).toMatchObject({ addr: "localhost:6379" });
    expect(jobqueue(of("{sentinel: , cluster: }"))).toMatchObject({ addr: "localhost:6379" });
    expect(jobqueue(of("{addr: a:1}"))).not.toHaveProperty("sentinel");
  });

  it("is what the sentinels say, and then no address holds", () => {
    const found = jobqueue(of("{sentinel: {master_name: queue, addrs: [a:1, b:2], tls: true}}"));
    expect(found).not.toHaveProperty("addr");
    expect(found.sentinel).toEqual({
      masterName: "queue",
      addrs: ["a:1", "b:2"],
      tls: { enabled: true, insecure: false },
    });
  });

  it("is a cluster, and then no address holds", () => {
    const found = jobqueue({ env: { HIKYAKU__REDIS__JOBQUEUE__CLUSTER__ADDRS: "a:1,b:2" } });
    expect(found).not.toHaveProperty("addr");
    expect(found.cluster).toEqual({ addrs: ["a:1", "b:2"] });
  });

  it("comes from the environment too, the sentinels' password only from there", () => {
    const prefix = "HIKYAKU__REDIS__JOBQUEUE__SENTINEL__";
    const env = {
      [`${prefix}MASTER_NAME`]: "queue",
      [`${prefix}ADDRS`]: "a:1",
      [`${prefix}USERNAME`]: "app",
      [`${prefix}PASSWORD`]: "secret",
    };
    expect(jobqueue({ env }).sentinel).toMatchObject({ username: "app", password: "secret", tls: false });
    expect(problemsOf(of("{sentinel: {master_name: m, addrs: [a:1], password: x}}")).join()).toMatch(
      /redis.jobqueue.sentinel.password: expected no secret in a file/,
    );
  });

  it.each([
    [
      "{addr: a:1, sentinel: {master_name: m, addrs: [b:2]}}",
      "redis.jobqueue.sentinel: expected one of",
      "redis.jobqueue.addr too",
    ],
    ["{addr: a:1, cluster: {addrs: [b:2]}}", "redis.jobqueue.cluster: expected one of", "redis.jobqueue.addr too"],
    ["{sentinel: {addrs: [b:2]}}", "redis.jobqueue.sentinel.master_name: expected the name", "got nothing"],
    ["{sentinel: {master_name: m}}", "redis.jobqueue.sentinel.addrs: expected a list of one or more", "got nothing"],
    ["{cluster: {addrs: []}}", "redis.jobqueue.cluster.addrs: expected a list of one or more host:port", "got"],
    ["{cluster: {addrs: [a]}}", "redis.jobqueue.cluster.addrs.0: expected host:port", "got"],
    ["{sentinel: {master_name: m, addrs: [a:1], username: u}}", "redis.jobqueue.sentinel.username: expected", "alone"],
    [
      "{sentinel: {master_name: m, addrs: [a:1], adr: 1}}",
      "redis.jobqueue.sentinel.adr: expected a known key",
      "addrs",
    ],
    [
      "{durability: {replicas: -1}}",
      "redis.jobqueue.durability.replicas: expected an integer from 0 to 1000",
      "got -1",
    ],
  ])("is refused by name: %s", (settings, expected, got) => {
    const problems = problemsOf(of(settings));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
    expect(problems[0]).toContain(got);
  });

  it("names the variable where one brings the second way", () => {
    const env = { HIKYAKU__REDIS__JOBQUEUE__SENTINEL__TLS: "true", HIKYAKU__REDIS__JOBQUEUE__ADDR: "a:1" };
    expect(problemsOf({ env })).toContainEqual(
      expect.stringMatching(
        /^HIKYAKU__REDIS__JOBQUEUE__SENTINEL__TLS: redis.jobqueue.sentinel: expected one of .* stands in HIKYAKU__REDIS__JOBQUEUE__ADDR\)$/,
      ),
    );
  });

  it("takes a certificate of ours together with its key", () => {
    const files = { "a.pem": "a", "a.key": "k" };
    const both = "{tls: {enabled: true, cert_file: a.pem, key_file: a.key}}";
    expect(jobqueue({ ...of(both), files }).tls).toMatchObject({
      certFile: expect.stringMatching(/a\.pem$/),
      keyFile: expect.stringMatching(/a\.key$/),
    });
    expect(problemsOf({ ...of("{tls: {enabled: true, cert_file: a.pem}}"), files })).toEqual([
      "config/local/cacheserver.yaml:1: redis.jobqueue.tls.cert_file: expected cert_file and key_file together, got cert_file alone",
    ]);
  });
});
