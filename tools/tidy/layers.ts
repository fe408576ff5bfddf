// Who may import whom. Imports point only towards the more basic; roles never import one another.
import { isTest, type Problem, type SourceFile } from "./source.ts";

type Layer = {
  /** Layers it may import besides itself; "roles" stands for every role. */
  readonly may: readonly string[];
  /** Packages from npm. */
  readonly packages: readonly string[];
  /** May use Node's modules and globals. */
  readonly isNode: boolean;
};

const MODELS = ["base", "ports", "model", "wire"];
const ROLE: Layer = {
  may: [...MODELS, "consensus", "admission", "placement", "storage", "replication"], packages: [], isNode: false,
};

const LAYERS: ReadonlyMap<string, Layer> = new Map<string, Layer>([
  ["base", { may: [], packages: [], isNode: false }],
  ["ports", { may: ["base"], packages: [], isNode: false }],
  ["model", { may: ["base"], packages: [], isNode: false }],
  ["wire", { may: ["base", "model"], packages: [], isNode: false }],
  ["consensus", { may: ["base", "wire"], packages: [], isNode: false }],
  ["admission", { may: ["base"], packages: [], isNode: false }],
  ["placement", { may: ["base", "wire"], packages: [], isNode: false }],
  ["storage", { may: MODELS, packages: ["sorted-btree"], isNode: false }],
  ["replication", { may: ["base", "ports", "model", "wire", "consensus", "storage"], packages: [], isNode: false }],
  ["roles", ROLE],
  ["node", { ...ROLE, may: [...ROLE.may, "replication", "roles"] }],
  ["runtime", { may: ["base", "ports", "wire"], packages: ["lmdb", "sorted-btree"], isNode: true }],
  ["sim", { ...ROLE, may: [...ROLE.may, "roles", "node"], packages: ["sorted-btree"] }],
  ["app", { may: [...ROLE.may, "roles", "node", "runtime"], packages: [], isNode: true }],
  ["testing", { may: ["base", "model", "runtime", "app"], packages: [], isNode: true }],
  ["cli", { may: [...MODELS, "storage", "runtime", "app", "sim"], packages: ["commander"], isNode: true }],
]);

/** What tests may use beyond their layer: Node, the tools of the tests, and both kinds of twins for the ports. */
const TEST_PACKAGES = ["fast-check", "@aws-sdk/client-dynamodb", "@aws-sdk/lib-dynamodb"];
const TEST_LAYERS = ["runtime", "sim"];

/** "src/roles/api/x.ts" is of layer "roles", "src/base/ids.ts" of "base"; outside src there are no layers. */
export function layerOf(path: string): string | null {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? null;
}

/** Free of Node, clocks and chance, so that the simulator can run it unchanged. */
export function isPure(path: string): boolean {
  const layer = LAYERS.get(layerOf(path) ?? "");
  return layer !== undefined && !layer.isNode && !isTest(path) && !path.startsWith("src/ports/contract/");
}

function roleOf(path: string): string | null {
  return /^src\/roles\/([^/]+)\//.exec(path)?.[1] ?? null;
}

export function checkLayers(file: SourceFile): readonly Problem[] {
  const name = layerOf(file.path);
  if (name === null) return [];
  const layer = LAYERS.get(name);
  const problem = (line: number, what: string, instead: string): Problem => (
    { rule: "layers", file: file.path, line, what, instead }
  );
  if (layer === undefined) {
    const instead = "put the file into a layer, or add the layer to tools/tidy/layers.ts";
    return [problem(1, `src/${name} is no layer`, instead)];
  }
  return file.imports.flatMap(({ specifier, target, line }): readonly Problem[] => {
    if (target === null) return checkPackage(file.path, layer, specifier).map((what) => problem(line, ...what));
    const to = layerOf(target);
    if (to === null) {
      return [problem(line, `src imports ${target}`, "src stands alone: move what is shared into src")];
    }
    const role = roleOf(target);
    if (name === "roles" && role !== null && role !== roleOf(file.path)) {
      return [problem(line, `a role imports the role ${role}`, "talk through messages in wire/, or through a function "
        + "that node/ or app/ hands in")];
    }
    const isAllowed = to === name || layer.may.includes(to) || (isTest(file.path) && TEST_LAYERS.includes(to));
    return isAllowed ? [] : [problem(line, `${name} imports ${to}`, `${name} may import `
      + `${layer.may.join(", ") || "nothing"}: move what both need into a layer below both`)];
  });
}

function checkPackage(path: string, layer: Layer, specifier: string): readonly (readonly [string, string])[] {
  const test = isTest(path) || path.startsWith("src/ports/contract/");
  if (specifier.startsWith("node:")) {
    const instead = "use a port (src/ports) that runtime and sim implement";
    return layer.isNode || test ? [] : [[`${specifier} below runtime`, instead]];
  }
  if (layer.packages.includes(specifier) || (test && TEST_PACKAGES.includes(specifier))) return [];
  if (test && [...LAYERS.values()].some(({ packages }) => packages.includes(specifier))) return [];
  return [[`the package ${specifier}`, "write it, or ask for the dependency and add it to tools/tidy/layers.ts"]];
}
