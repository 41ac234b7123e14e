import type { Operation } from '../document/operations';
import { lookup } from '../document/records';
import type { ParamValue } from '../document/types';
import { paramValue } from '../state/catalog';
import type { LayerDescription, ParamDescription } from '../state/contract';
import { useDesigner, useEditor, useScopeId } from '../state/DesignerContext';
import {
  ARGUMENTS,
  argumentsText,
  isBeyondFields,
  isShownBy,
  keptArguments,
  OP,
  operatorOf,
  parseArguments,
  type Arguments,
} from '../state/operatorArguments';
import { useProblems } from '../state/useProblems';
import { ArgumentsAsJson } from './ArgumentsAsJson';
import { HeldTensors } from './HeldTensors';
import { ParamField } from './ParamField';
import { setParamOperations, sharedParam, sharedValue, type Chosen, type SharedValue } from './shared';
import classes from './Properties.module.css';

interface OperatorFieldsProps {
  chosen: readonly Chosen[];
  layer: LayerDescription;
}

type Change = { value: ParamValue } | null;

/** Which operation a layer is, and a field for each of its arguments. */
export function OperatorFields({ chosen, layer }: OperatorFieldsProps) {
  const [first] = chosen;
  const perform = usePerform(chosen);
  const opParam = layer.params.find(({ name }) => name === OP);
  const jsonParam = layer.params.find(({ name }) => name === ARGUMENTS);
  if (first === undefined || opParam === undefined || jsonParam === undefined) return null;
  const operator = operatorOf(layer, first.node);
  const isOneOperation = chosen.every(({ node }) => operatorOf(layer, node) === operator);
  const fields = isOneOperation ? (operator?.arguments ?? []) : [];
  const givenTo = ({ node }: Chosen): Arguments =>
    parseArguments(paramValue(layer, node, ARGUMENTS)) ?? {};
  const isBeyond = chosen.some(({ node }) =>
    isBeyondFields(fields, paramValue(layer, node, ARGUMENTS)),
  );
  const setOperation = (next: Change): void => {
    const name = String(next?.value ?? opParam.default);
    const others = lookup(layer.operators, name)?.arguments ?? [];
    perform(opParam, (one, scope) => [
      ...setParamOperations(scope, [one], OP, next),
      ...setArguments(scope, one, keptArguments(others, givenTo(one))),
    ]);
  };
  const setArgument = (field: ParamDescription, next: Change): void =>
    perform(field, (one, scope) => {
      const others = Object.entries(givenTo(one)).filter(([name]) => name !== field.name);
      const own = next === null ? [] : [[field.name, next.value] as const];
      return setArguments(scope, one, Object.fromEntries([...others, ...own]));
    });
  return (
    <>
      <OperatorField
        param={opParam}
        shared={sharedParam(chosen, opParam)}
        chosen={chosen}
        onChange={setOperation}
      />
      {isOneOperation && <p className={classes.summary}>{operator?.summary}</p>}
      {fields.map((field) => (
        <OperatorField
          key={field.name}
          param={{ ...field, name: `${ARGUMENTS}.${field.name}` }}
          shared={sharedValue(chosen.map((one) => shownValue(field, givenTo(one))))}
          chosen={chosen}
          onChange={(next) => setArgument(field, next)}
        />
      ))}
      {chosen.length === 1 && <HeldTensors nodeId={first.id} />}
      {isOneOperation && isBeyond && <ArgumentsAsJson param={jsonParam} chosen={chosen} />}
    </>
  );
}

/** What the field of an argument holds; what is of another kind stays in the JSON alone. */
function shownValue(field: ParamDescription, given: Arguments): ParamValue | undefined {
  const value = lookup(given, field.name);
  return isShownBy(field, value) ? value : undefined;
}

function setArguments(scope: string | null, one: Chosen, given: Arguments): Operation[] {
  const isEmpty = Object.keys(given).length === 0;
  return setParamOperations(
    scope,
    [one],
    ARGUMENTS,
    isEmpty ? null : { value: argumentsText(given) },
  );
}

/** Changes all that is selected in one step, which one undo takes back. */
function usePerform(chosen: readonly Chosen[]) {
  const { editor } = useDesigner();
  const scope = useScopeId();
  const [first] = chosen;
  const names = chosen.length === 1 ? (first?.node.name ?? '') : `${chosen.length} layers`;
  return (
    param: ParamDescription,
    operations: (one: Chosen, scope: string | null) => Operation[],
  ): void => {
    editor.perform(
      `${param.title} of ${names}`,
      chosen.flatMap((one) => operations(one, scope)),
      { mergeKey: `${chosen.map(({ id }) => id).join()}.${ARGUMENTS}.${param.name}` },
    );
  };
}

interface OperatorFieldProps {
  param: ParamDescription;
  shared: SharedValue;
  chosen: readonly Chosen[];
  onChange: (next: Change) => void;
}

function OperatorField({ param, shared, chosen, onChange }: OperatorFieldProps) {
  const canEdit = useEditor((state) => state.canEdit);
  const problems = useProblems(chosen[0]?.id ?? '');
  return (
    <ParamField
      param={param}
      shared={shared}
      isReadOnly={!canEdit}
      problem={problems.find((each) => each.param === param.name)?.message ?? null}
      isToldAbove={chosen.length === 1}
      onChange={onChange}
    />
  );
}
