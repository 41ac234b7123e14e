import { describe, expect, it } from 'vitest';
import type { TransferSource } from '@/api';
import { sourceOf, usualSource, valueOf, zooName } from './source';

const network = (network_id: string, refusal = ''): TransferSource => ({
  network_id,
  name: network_id,
  parameters: 4,
  has_file: true,
  refusal,
  updated_at: '2026-01-01T00:00:00Z',
});

describe('what transfer learning begins with', () => {
  it('is the newest network that can learn images', () => {
    const noImages = network('speech', 'The network has no image input; images need exactly one.');
    const networks = [noImages, network('newer'), network('older')];
    expect(usualSource(networks)).toEqual({ kind: 'network', id: 'newer' });
  });

  it('is chosen by the person where no network fits', () => {
    expect(usualSource([network('speech', 'No images.')])).toBeNull();
    expect(usualSource([])).toBeNull();
  });

  it('keeps its kind in the list', () => {
    const fromZoo = { kind: 'zoo', key: 'torchvision/resnet18' } as const;
    expect(sourceOf(valueOf(fromZoo))).toEqual(fromZoo);
    const drawn = { kind: 'network', id: 'n1' } as const;
    expect(sourceOf(valueOf(drawn))).toEqual(drawn);
    expect(zooName('bundles/A/B net')).toBe('A/B net');
  });
});
