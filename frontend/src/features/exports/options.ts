/** A format's options as fields, from the JSON schema that the server tells. */

export type OptionValue = string | number | boolean;
export type OptionValues = Readonly<Record<string, OptionValue>>;

export interface OptionField {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  readonly kind: 'bool' | 'int' | 'float' | 'text' | 'choice';
  readonly choices: readonly OptionValue[];
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly initial: OptionValue | null;
}

type Json = Readonly<Record<string, unknown>>;

/** Options that are of no simple kind are left as the format has them. */
export function fieldsOf(schema: Json): OptionField[] {
  const found: OptionField[] = [];
  for (const [name, given] of Object.entries(objectOf(schema['properties']))) {
    const field = fieldOf(name, objectOf(given), objectOf(schema['$defs']));
    if (field !== null) found.push(field);
  }
  return found;
}

function fieldOf(name: string, given: Json, definitions: Json): OptionField | null {
  const own = typeOf(given, definitions);
  const kind = kindOf(own);
  if (kind === null) return null;
  return {
    name,
    title: textOf(given['title']) || name,
    help: textOf(given['description']),
    kind,
    choices: choicesOf(own),
    minimum: numberOf(own['minimum']),
    maximum: numberOf(own['maximum']),
    initial: isValue(given['default']) ? given['default'] : null,
  };
}

/** Look through “or nothing” and references. */
function typeOf(given: Json, definitions: Json): Json {
  const reference = given['$ref'];
  if (typeof reference === 'string') return objectOf(definitions[reference.split('/').at(-1) ?? '']);
  const either: unknown = given['anyOf'];
  if (!Array.isArray(either)) return given;
  const real = either.map(objectOf).find((each) => each['type'] !== 'null');
  return real === undefined ? given : typeOf(real, definitions);
}

function kindOf(own: Json): OptionField['kind'] | null {
  if (choicesOf(own).length > 0) return 'choice';
  switch (own['type']) {
    case 'boolean':
      return 'bool';
    case 'integer':
      return 'int';
    case 'number':
      return 'float';
    case 'string':
      return 'text';
    default:
      return null;
  }
}

function choicesOf(own: Json): OptionValue[] {
  const listed: unknown = own['enum'];
  return Array.isArray(listed) ? listed.filter(isValue) : [];
}

function isValue(value: unknown): value is OptionValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
