import { ActionIcon, Select, TextInput, Tooltip } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { concealParam, exposeParam, renameExposed } from '../document/expose';
import { nameProblem, uniqueName } from '../document/names';
import { lookup } from '../document/records';
import { targetsOf, type BlockDefinition, type Node } from '../document/types';
import { shortTitle } from '../state/catalog';
import { useDesigner, useDocument, useEditor, useScopeId } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './Properties.module.css';

/** Inside a block: which settings of this layer every use of the block can set for itself. */
export function ExposedFields({ nodeId, node }: { nodeId: string; node: Node }) {
  const scopeId = useScopeId();
  const { blocks } = useDocument().graph;
  const block = scopeId === null ? undefined : lookup(blocks, scopeId);
  if (scopeId === null || block === undefined) return null;
  return <BlockSettings nodeId={nodeId} node={node} blockId={scopeId} block={block} />;
}

interface BlockSettingsProps {
  nodeId: string;
  node: Node;
  blockId: string;
  block: BlockDefinition;
}

interface Offered {
  readonly name: string;
  readonly param: string;
}

const JOIN = '=';

function BlockSettings({ nodeId, node, blockId, block }: BlockSettingsProps) {
  const { editor } = useDesigner();
  const document = useDocument();
  const canEdit = useEditor((state) => state.canEdit);
  const choices = useChoices(nodeId, node, block);
  const offered = Object.entries(block.exposed).flatMap(([name, parameter]): Offered[] =>
    targetsOf(parameter).flatMap((target) =>
      target.node === nodeId ? [{ name, param: target.param }] : [],
    ),
  );
  if (choices.length === 0 && offered.length === 0) return null;
  const offer = (choice: string): void => {
    const [param = '', name = ''] = choice.split(JOIN);
    const operations = exposeParam(document, blockId, { node: nodeId, param }, name);
    editor.perform(`Offer ${name} on the block`, operations);
  };
  return (
    <section className={classes.section} aria-label="Settings of the block">
      <h3 className={classes.heading}>Settings of the block</h3>
      <p className={classes.summary}>Every use of {block.name} can set these for itself.</p>
      {offered.map(({ name, param }) => (
        <OfferedField
          key={`${name}.${param}`}
          name={name}
          title={param}
          isReadOnly={!canEdit}
          isTaken={(text) => Object.hasOwn(block.exposed, text)}
          onRename={(to) =>
            editor.perform(
              `Rename ${name} of the block`,
              renameExposed(document, blockId, name, to),
            )
          }
          onRemove={() =>
            editor.perform(
              `Keep ${param} inside the block`,
              concealParam(document, blockId, { node: nodeId, param }),
            )
          }
        />
      ))}
      {canEdit && choices.length > 0 && (
        <Select
          size="xs"
          placeholder="Offer a setting…"
          aria-label="Offer a setting of this layer on the block"
          data={choices}
          value={null}
          data-testid={DESIGNER_IDS.exposeParam}
          onChange={(choice) => {
            if (choice !== null) offer(choice);
          }}
        />
      )}
    </section>
  );
}

/** What can be offered: each parameter under a name of its own, or together with one of its kind. */
function useChoices(nodeId: string, node: Node, block: BlockDefinition) {
  const { catalog } = useDesigner();
  const { blocks } = useDocument().graph;
  const inner = node.block === null ? undefined : lookup(blocks, node.block);
  const layer = catalog.byType.get(node.type);
  const own = (layer?.params ?? []).filter(({ section }) => section === '');
  const params = inner
    ? Object.keys(inner.exposed).map((name) => ({ name, title: name }))
    : own.map((param) => ({ name: param.name, title: shortTitle(param).replaceAll(' ', '_') }));
  const names = new Set(Object.keys(block.exposed));
  const isOffered = (param: string): boolean =>
    Object.values(block.exposed).some((each) =>
      targetsOf(each).some((target) => target.node === nodeId && target.param === param),
    );
  return params
    .filter(({ name }) => !isOffered(name))
    .flatMap(({ name, title }) => {
      const free = uniqueName(title, names);
      const alone = { value: `${name}${JOIN}${free}`, label: `${title} as “${free}”` };
      const joined = { value: `${name}${JOIN}${title}`, label: `${title} together with “${title}”` };
      return free === title ? [alone] : [joined, alone];
    });
}

interface OfferedFieldProps {
  name: string;
  title: string;
  isReadOnly: boolean;
  isTaken: (name: string) => boolean;
  onRename: (name: string) => void;
  onRemove: () => void;
}

function OfferedField({ name, title, isReadOnly, isTaken, onRename, onRemove }: OfferedFieldProps) {
  const [text, setText] = useState(name);
  const taken = text !== name && isTaken(text) ? 'The block offers that name already.' : null;
  const problem = nameProblem(text) ?? taken;
  const commit = (): void => {
    if (problem !== null) setText(name);
    else if (text !== name) onRename(text);
  };
  return (
    <div className={classes.field}>
      <span className={classes.label}>{title.replaceAll('_', ' ')}</span>
      <div className={classes.control}>
        <TextInput
          size="xs"
          value={text}
          error={problem}
          readOnly={isReadOnly}
          aria-label={`Name of ${title} on the block`}
          classNames={{ input: classes.mono ?? '' }}
          onChange={(event) => setText(event.currentTarget.value)}
          onBlur={commit}
          onKeyDown={(event) => {
            if (event.key === 'Enter') commit();
          }}
        />
      </div>
      <div className={classes.reset}>
        {!isReadOnly && (
          <Tooltip label="Keep it inside the block">
            <ActionIcon
              size={22}
              variant="subtle"
              color="gray"
              aria-label={`Keep ${title} inside the block`}
              onClick={onRemove}
            >
              <IconX size={14} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
    </div>
  );
}
