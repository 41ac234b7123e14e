import { useState } from 'react';
import { UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import type { ParamValue } from '../document/types';
import type { LayerDescription, ParamDescription } from '../state/contract';
import { useDesigner, useEditor, usePanels, useScopeId } from '../state/DesignerContext';
import { useProblems } from '../state/useProblems';
import { ParamField } from './ParamField';
import { setParamOperations, sharedParam, type Chosen } from './shared';
import classes from './Properties.module.css';

interface ParamsFormProps {
  chosen: readonly Chosen[];
  layer: LayerDescription | undefined;
}

/** The form of a layer type, derived from its declaration. */
export function ParamsForm({ chosen, layer }: ParamsFormProps) {
  const [isOpen, setOpen] = useState(false);
  const wanted = usePanels((state) => state.focusParam);
  if (layer === undefined || layer.params.length === 0) return null;
  const usual = layer.params.filter((param) => !param.is_advanced);
  const advanced = layer.params.filter((param) => param.is_advanced);
  const isShown =
    isOpen ||
    advanced.some(
      (param) => param.name === wanted || sharedParam(chosen, param).kind !== 'default',
    );
  return (
    <section className={classes.section}>
      {usual.map((param) => (
        <BoundField key={param.name} param={param} chosen={chosen} />
      ))}
      {advanced.length > 0 && (
        <UnstyledButton
          className={classes.more}
          onClick={() => setOpen(!isShown)}
          aria-expanded={isShown}
        >
          {isShown ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
          More settings
        </UnstyledButton>
      )}
      {isShown &&
        advanced.map((param) => <BoundField key={param.name} param={param} chosen={chosen} />)}
    </section>
  );
}

function BoundField({ param, chosen }: { param: ParamDescription; chosen: readonly Chosen[] }) {
  const { editor } = useDesigner();
  const scope = useScopeId();
  const canEdit = useEditor((state) => state.canEdit);
  const [first] = chosen;
  const problems = useProblems(first?.id ?? '');
  const problem = problems.find((each) => each.param === param.name)?.message ?? null;
  const change = (next: { value: ParamValue } | null): void => {
    const names = chosen.length === 1 ? (first?.node.name ?? '') : `${chosen.length} layers`;
    editor.perform(
      `${param.title} of ${names}`,
      setParamOperations(scope, chosen, param.name, next),
      { mergeKey: `${chosen.map(({ id }) => id).join()}.${param.name}` },
    );
  };
  return (
    <ParamField
      param={param}
      shared={sharedParam(chosen, param)}
      isReadOnly={!canEdit}
      problem={problem}
      isToldAbove={chosen.length === 1}
      onChange={change}
    />
  );
}
