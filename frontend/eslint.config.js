import path from 'node:path';
import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const SRC = path.resolve(import.meta.dirname, 'src');

/** What each room of `src` may import. A feature is entered by its `index.ts` alone. */
const MAY_IMPORT = {
  app: ['app', 'ui', 'lib', 'api', 'features'],
  features: ['ui', 'lib', 'api', 'features'],
  ui: ['ui', 'lib', 'api'],
  lib: ['lib', 'api'],
  api: ['api'],
};

const walls = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      wall: '`{{from}}` may not import `{{to}}`.',
      door: 'Import another feature by its door: `@/features/{{feature}}`.',
      react: 'The document model imports no React.',
    },
  },
  create(context) {
    const here = path.relative(SRC, context.filename).split(path.sep);
    const room = here[0];
    if (!(room in MAY_IMPORT)) return {};

    function check(node) {
      const source = node.source?.value;
      if (typeof source !== 'string') return;
      if (here.slice(0, 3).join('/') === 'features/designer/document' && /^react(-dom)?($|\/)/.test(source)) {
        context.report({ node, messageId: 'react' });
      }
      const target = source.startsWith('@/')
        ? path.join(SRC, source.slice(2))
        : source.startsWith('.')
          ? path.resolve(path.dirname(context.filename), source)
          : null;
      if (target === null) return;
      const there = path.relative(SRC, target).split(path.sep);
      if (there[0] in MAY_IMPORT && !MAY_IMPORT[room].includes(there[0])) {
        context.report({ node, messageId: 'wall', data: { from: room, to: there[0] } });
      }
      const isOwnFeature = room === 'features' && here[1] === there[1];
      if (there[0] === 'features' && !isOwnFeature && there.length > 2 && there[2] !== 'index') {
        context.report({ node, messageId: 'door', data: { feature: there[1] } });
      }
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'src/api/schema.gen.ts'] },
  js.configs.recommended,
  { files: ['public/*.js'], languageOptions: { globals: globals.browser } },
  { files: ['*.js', '*.ts'], languageOptions: { globals: globals.node } },
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [...tseslint.configs.strictTypeChecked, reactHooks.configs.flat.recommended],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { netloom: { rules: { walls } } },
    rules: {
      'netloom/walls': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // Numbers in text are what this application shows.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `onClick={() => save()}` reads better than a block around one call.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // React takes promises in event handlers; a rejected one still reaches the error toast.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    },
  },
  {
    files: ['src/**/*.test.{ts,tsx}'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
);
