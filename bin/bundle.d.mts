// Types of bundle.mjs for the tools written in TypeScript.
export function freshBundle(root: string): string | null;
export function buildBundle(root: string): Promise<string | null>;
