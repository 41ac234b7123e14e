import { describe, expect, it } from 'vitest';
import { bestTarget } from './weightFiles';
import { fitsText } from './weightWords';

const matched = { name: 'x', num_matched: 4, num_in_file: 4, num_places: 4, num_by_name: 0 };
const network = (share: number) => ({ ...matched, network_id: 'n', share });
const template = (share: number) => ({ ...matched, template: 't', name: 'ResNet-18', share });

describe('what weights are offered to', () => {
  it('is a network that is drawn, unless a template takes more', () => {
    expect(bestTarget({ fits: [network(1)], templates: [template(1)] })?.kind).toBe('network');
    expect(bestTarget({ fits: [network(0.4)], templates: [template(1)] })?.kind).toBe('template');
    expect(bestTarget({ fits: [], templates: [] })).toBeNull();
  });

  it('is said in one sentence', () => {
    const zoo = [{ provider: 'torchvision', name: 'resnet18', is_same_name: true }];
    expect(fitsText({ fits: [network(1)], templates: [template(1)], zoo })).toBe(
      '1 network, the template ResNet-18, resnet18 of the zoo',
    );
    expect(fitsText({ fits: [], templates: [], zoo: [] })).toBe('nothing here');
    const rest = { num_in_file: 6 };
    expect(
      fitsText({ fits: [{ ...network(1), ...rest }], templates: [{ ...template(1), ...rest }], zoo: [] }),
    ).toBe('1 network in part, the template ResNet-18 in part');
  });
});
