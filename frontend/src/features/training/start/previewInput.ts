export interface PreviewInput {
  height: number;
  width: number;
  channels: 1 | 3;
  resize_policy: 'stretch' | 'crop' | 'pad';
}

/** The layer's own defaults, see `ImageInput` in the layer registry. */
const DEFAULTS: PreviewInput = { height: 32, width: 32, channels: 3, resize_policy: 'stretch' };

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** The image input of a network as the preview needs it; `null` when it has none. */
export function previewInput(network: unknown): PreviewInput | null {
  const document = isObject(network) ? network['document'] : undefined;
  const graph = isObject(document) ? document['graph'] : undefined;
  const nodes = isObject(graph) && isObject(graph['nodes']) ? Object.values(graph['nodes']) : [];
  const input = nodes.find((node) => isObject(node) && node['type'] === 'ImageInput');
  if (!isObject(input)) return null;
  const params = isObject(input['params']) ? input['params'] : {};
  const policy = params['resize_policy'];
  return {
    height: sizeOf(params['height'], DEFAULTS.height),
    width: sizeOf(params['width'], DEFAULTS.width),
    channels: params['channels'] === 1 ? 1 : 3,
    resize_policy: policy === 'crop' || policy === 'pad' ? policy : DEFAULTS.resize_policy,
  };
}

function sizeOf(value: unknown, fallback: number): number {
  return typeof value === 'number' && value > 0 ? value : fallback;
}
