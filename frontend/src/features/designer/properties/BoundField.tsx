import type { ParamValue } from '../document/types';
import type { ParamDescription } from '../state/contract';
import { useDesigner, useEditor, useScopeId } from '../state/DesignerContext';
import { useProblems } from '../state/useProblems';
import { ParamField } from './ParamField';
import { setParamOperations, sharedParam, type Chosen } from './shared';

/** The field of one parameter, for what is selected. */
export function BoundField({ param, chosen }: { param: ParamDescription; chosen: readonly Chosen[] }) {
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
