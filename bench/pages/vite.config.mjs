/** Builds the page with the frontend's own packages, and away from the product. */

import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../../frontend/node_modules/', import.meta.url));

export default {
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  resolve: {
    alias: [{ find: /^(react|react-dom|@xyflow\/react)(?=\/|$)/, replacement: `${packages}$1` }],
  },
  build: { target: 'es2022', emptyOutDir: true },
};
