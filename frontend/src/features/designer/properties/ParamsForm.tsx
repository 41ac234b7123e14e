import { useState } from 'react';
import { UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import type { LayerDescription, ParamDescription } from '../state/contract';
import { usePanels } from '../state/DesignerContext';
import { BoundField } from './BoundField';
import { OperatorFields } from './OperatorFields';
import { sharedParam, type Chosen } from './shared';
import { useHasWeights } from './useHasWeights';
import classes from './Properties.module.css';

interface ParamsFormProps {
  chosen: readonly Chosen[];
  layer: LayerDescription | undefined;
}

/** The form of a layer type, derived from its declaration. */
export function ParamsForm({ chosen, layer }: ParamsFormProps) {
  const hasWeights = useHasWeights(chosen);
  if (layer === undefined || layer.params.length === 0) return null;
  const own = layer.params.filter((param) => param.section === '');
  const learning = layer.params.filter((param) => param.section === 'learning');
  const isSet = learning.some((param) => sharedParam(chosen, param).kind !== 'default');
  return (
    <section className={classes.section}>
      {Object.keys(layer.operators).length > 0 ? (
        <OperatorFields chosen={chosen} layer={layer} />
      ) : (
        own
          .filter((param) => !param.is_advanced)
          .map((param) => <BoundField key={param.name} param={param} chosen={chosen} />)
      )}
      <FoldedFields
        title="More settings"
        params={own.filter((param) => param.is_advanced)}
        chosen={chosen}
      />
      {(hasWeights || isSet) && (
        <FoldedFields title="Start and learning" params={learning} chosen={chosen} />
      )}
    </section>
  );
}

interface FoldedFieldsProps {
  title: string;
  params: readonly ParamDescription[];
  chosen: readonly Chosen[];
}

/** Fields that are seldom needed: shown once one of them was set, asked for or opened. */
function FoldedFields({ title, params, chosen }: FoldedFieldsProps) {
  const [isOpen, setOpen] = useState(false);
  const wanted = usePanels((state) => state.focusParam);
  if (params.length === 0) return null;
  const isShown =
    isOpen ||
    params.some((param) => param.name === wanted || sharedParam(chosen, param).kind !== 'default');
  return (
    <>
      <UnstyledButton
        className={classes.more}
        onClick={() => setOpen(!isShown)}
        aria-expanded={isShown}
      >
        {isShown ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
        {title}
      </UnstyledButton>
      {isShown &&
        params.map((param) => <BoundField key={param.name} param={param} chosen={chosen} />)}
    </>
  );
}
