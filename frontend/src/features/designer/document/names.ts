/**
 * Names of nodes: Python identifiers in ASCII, unique in their scope.
 *
 * The analyzer on the server has the last word (it knows every attribute of a GraphModule); these
 * rules keep names that people type, and names made here, from being refused later.
 */

import type { Nodes } from './types';

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

const KEYWORDS = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except ' +
    'finally for from global if import in is lambda nonlocal not or pass raise return try while ' +
    'with yield match case type self super'
  ).split(' '),
);

/** Attributes of a torch module that a layer of the same name would hide. */
const MODULE_ATTRIBUTES = new Set(
  (
    'add_module apply bfloat16 buffers call_super_init children code compile cpu cuda ' +
    'delete_all_unused_submodules delete_submodule double dump_patches eval extra_repr float ' +
    'forward get_buffer get_extra_state get_parameter get_submodule graph half ipu ' +
    'load_state_dict meta modules mtia named_buffers named_children named_modules ' +
    'named_parameters parameters print_readable recompile register_buffer register_module ' +
    'register_parameter requires_grad_ set_extra_state set_submodule share_memory state_dict to ' +
    'to_empty to_folder train training xpu zero_grad'
  ).split(' '),
);

/** Why a text cannot be a node's name, or null when it can. */
export function nameProblem(name: string): string | null {
  if (name === '') return 'A name is needed.';
  if (name.length > 64) return 'A name has at most 64 characters.';
  if (!IDENTIFIER.test(name)) {
    return 'Use letters, digits and underscores only, and do not start with a digit.';
  }
  if (KEYWORDS.has(name)) return `“${name}” is a word of Python; choose another name.`;
  if (MODULE_ATTRIBUTES.has(name)) return `“${name}” already means something in a PyTorch module.`;
  return null;
}

export function namesOf(nodes: Nodes): Set<string> {
  return new Set(Object.values(nodes).map((node) => node.name));
}

/** `Conv2d` -> `conv2d`, `LeakyReLU` -> `leaky_relu`, `AdaptiveAvgPool2d` -> `adaptive_avg_pool2d`. */
export function baseName(type: string): string {
  const snake = type
    .replace(/ReLU/g, 'Relu')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9_]/g, '_')
    .toLowerCase();
  const name = /^[a-z_]/.test(snake) ? snake : `layer_${snake}`;
  return nameProblem(name) === null ? name : `${name}_`.slice(0, 64);
}

/** `wanted` when it is free, else with the next free number: `conv`, `conv_2`, `conv_3`. */
export function uniqueName(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  const stem = wanted.replace(/_\d+$/, '').slice(0, 56);
  for (let number = 2; ; number += 1) {
    const candidate = `${stem}_${number}`;
    if (!taken.has(candidate)) return candidate;
  }
}
