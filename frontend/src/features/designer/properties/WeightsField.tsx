import { Select } from '@mantine/core';
import { lookup } from '../document/records';
import { divide, holderOf, namesOfSharers, shareWith, weightsKey } from '../document/sharing';
import { useAnalysis, useDesigner, useEditor, useScope, useScopeId } from '../state/DesignerContext';
import { pathPrefixOf } from '../state/editorPlace';
import { fittingOwners, takesWeights } from '../state/sharing';
import { DESIGNER_IDS } from '../testids';
import type { Chosen } from './shared';
import classes from './Properties.module.css';

const OWN = 'own';

/** Whose weights a layer uses: its own, or those of another that has weights of the same form. */
export function WeightsField({ chosen: { id, node } }: { chosen: Chosen }) {
  const { editor, catalog } = useDesigner();
  const { nodes } = useScope();
  const scope = useScopeId();
  const canEdit = useEditor((state) => state.canEdit);
  const prefix = useEditor(pathPrefixOf);
  const known = useAnalysis((state) => state.nodes);
  if (!takesWeights(catalog, node)) return null;
  const owners = fittingOwners({ nodes, analysisOf: (each) => lookup(known, prefix + each) }, id);
  const holder = holderOf(nodes, id);
  const isAlone = weightsKey(nodes, id) !== id && namesOfSharers(nodes, id).length === 0;
  const own = holder === id && !isAlone;
  const options = owners.filter((owner) => owner !== id);
  if (options.length === 0 && own && namesOfSharers(nodes, id).length === 0) return null;
  const nameOf = (owner: string): string => lookup(nodes, owner)?.name ?? owner;
  const set = (value: string | null): void => {
    const operations =
      value === OWN
        ? divide(nodes, scope, [id])
        : shareWith(nodes, scope, [id], value ?? id);
    const label = value === OWN ? 'Give own weights' : `Share weights with ${nameOf(value ?? id)}`;
    if (operations.length > 0) editor.perform(label, operations);
  };
  const others = namesOfSharers(nodes, id);
  return (
    <div className={classes.field}>
      <label className={classes.label} htmlFor="weights-of">
        Weights
      </label>
      <div className={classes.wide}>
        <Select
          id="weights-of"
          data-testid={DESIGNER_IDS.weightsOf}
          size="xs"
          allowDeselect={false}
          data={[
            { value: OWN, label: 'own' },
            ...options.map((owner) => ({ value: owner, label: `of ${nameOf(owner)}` })),
            ...(isAlone ? [{ value: holder, label: 'of a layer that is not here' }] : []),
          ]}
          value={own ? OWN : holder}
          disabled={!canEdit}
          onChange={set}
        />
      </div>
      {own && others.length > 0 && (
        <p className={classes.hint}>{others.join(', ')} {others.length > 1 ? 'use' : 'uses'} them too.</p>
      )}
    </div>
  );
}
