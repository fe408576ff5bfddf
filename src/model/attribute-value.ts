// Attribute values in the shape DynamoDB JSON has on the wire, validated and canonical: numbers in
// canonical text (number38), binary as canonical base64, sets without duplicates. The same shape is
// stored, so that a read needs no decoding.

export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly string[] }
  | { readonly L: readonly AttributeValue[] }
  | { readonly M: AttributeMap };

export type AttributeType = "S" | "N" | "B" | "BOOL" | "NULL" | "SS" | "NS" | "BS" | "L" | "M";

/**
 * Attributes by name. Made with a null prototype or by JSON.parse; a name may be anything, "__proto__"
 * included: write with `setAttribute`, read with `getAttribute` (own properties only).
 */
export type AttributeMap = { readonly [name: string]: AttributeValue };
export type Item = AttributeMap;

/** Key attribute types. */
export type KeyType = "S" | "N" | "B";
