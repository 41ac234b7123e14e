/** Turns the JSON schema of a run's configuration into fields: what it says decides the form. */

export interface NumberField {
  kind: 'number';
  path: string;
  isInteger: boolean;
  min: number | null;
  max: number | null;
  isMinExclusive: boolean;
}
export interface ChoiceField {
  kind: 'choice';
  path: string;
  options: readonly string[];
}
export interface SwitchField {
  kind: 'switch';
  path: string;
}
export interface TextField {
  kind: 'text';
  path: string;
  pattern: string | null;
}
export type ConfigField = NumberField | ChoiceField | SwitchField | TextField;

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);

/** Fields in the order of the schema, nested ones by dotted path. Constants are no choice. */
export function fieldsOf(schema: unknown): ConfigField[] {
  if (!isObject(schema)) return [];
  const definitions = isObject(schema['$defs']) ? schema['$defs'] : {};
  return collect(schema, '', definitions);
}

function collect(schema: Json, prefix: string, definitions: Json): ConfigField[] {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  return Object.entries(properties).flatMap(([name, value]) => {
    const property = resolve(value, definitions);
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (isObject(property['properties'])) return collect(property, path, definitions);
    const field = fieldOf(property, path);
    return field === null ? [] : [field];
  });
}

function resolve(value: unknown, definitions: Json): Json {
  if (!isObject(value)) return {};
  const reference = value['$ref'];
  if (typeof reference !== 'string') return value;
  const target = definitions[reference.replace('#/$defs/', '')];
  return isObject(target) ? { ...target, ...value } : value;
}

function fieldOf(property: Json, path: string): ConfigField | null {
  const options = property['enum'];
  if (Array.isArray(options)) return { kind: 'choice', path, options: options.map(String) };
  if ('const' in property) return null;
  switch (property['type']) {
    case 'boolean':
      return { kind: 'switch', path };
    case 'integer':
    case 'number':
      return {
        kind: 'number',
        path,
        isInteger: property['type'] === 'integer',
        min: numberOf(property['minimum']) ?? numberOf(property['exclusiveMinimum']),
        max: numberOf(property['maximum']) ?? numberOf(property['exclusiveMaximum']),
        isMinExclusive: numberOf(property['exclusiveMinimum']) !== null,
      };
    case 'string':
      return { kind: 'text', path, pattern: typeof property['pattern'] === 'string' ? property['pattern'] : null };
    default:
      return null;
  }
}

/** What is wrong with a number as it was typed, as a sentence; null when it can be used. */
export function numberProblem(field: NumberField, text: string): string | null {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) {
    return field.isInteger ? 'Type a whole number.' : 'Type a number.';
  }
  if (field.isInteger && !Number.isSafeInteger(value)) return 'Type a whole number.';
  const { min, max, isMinExclusive } = field;
  if (min !== null && isMinExclusive && value <= min) return `More than ${min}.`;
  if (min !== null && value < min) return `At least ${min}.`;
  if (max !== null && value > max) return `At most ${max}.`;
  return null;
}

/** Reads `optimizer.learning_rate` out of a configuration. */
export function valueAt(config: object, path: string): unknown {
  return path.split('.').reduce<unknown>((value, part) => (isObject(value) ? value[part] : undefined), config);
}

/** A copy with one value changed; the rest is shared. */
export function withValue<T extends object>(config: T, path: string, value: unknown): T {
  const [head = '', ...rest] = path.split('.');
  const inner: unknown = Reflect.get(config, head);
  const next = rest.length === 0 ? value : withValue(isObject(inner) ? inner : {}, rest.join('.'), value);
  return { ...config, [head]: next };
}
