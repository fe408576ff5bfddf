// Reading and building attribute maps whatever their names are: "__proto__", "constructor" and
// integer-like names included. Only own properties count.
import type { AttributeMap, AttributeValue } from "./attribute-value.ts";

/** A map under construction. It is handed on as a (readonly) AttributeMap. */
export type AttributeMapBuilder = { [name: string]: AttributeValue };

export function newAttributeMap(): AttributeMapBuilder {
  return {};
}

/** A shallow copy that may be changed. */
export function copyAttributeMap(map: AttributeMap): AttributeMapBuilder {
  return { ...map }; // spread defines own properties, so an own "__proto__" is copied as what it is
}

export function getAttribute(map: AttributeMap, name: string): AttributeValue | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

export function hasAttribute(map: AttributeMap, name: string): boolean {
  return Object.hasOwn(map, name);
}

export function setAttribute(map: AttributeMapBuilder, name: string, value: AttributeValue): void {
  if (name === "__proto__") {
    // Assignment would call the setter of Object.prototype instead of making a property.
    Object.defineProperty(map, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    map[name] = value;
  }
}

export function deleteAttribute(map: AttributeMapBuilder, name: string): void {
  delete map[name];
}

export function attributeNames(map: AttributeMap): string[] {
  return Object.keys(map);
}
