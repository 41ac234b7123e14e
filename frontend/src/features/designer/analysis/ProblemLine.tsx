import { Button, UnstyledButton } from '@mantine/core';
import { IconAlertTriangle, IconCircleX, IconInfoCircle, IconWand } from '@tabler/icons-react';
import type { Diagnostic } from '@/api';
import { parseOperations } from '../document/parse';
import { lookup } from '../document/records';
import { withRoom } from '../document/room';
import { scopeOf } from '../document/scope';
import { portsOfDesigner, useDesigner, useDocument, useEditor } from '../state/DesignerContext';
import { spacingFor } from '../state/placement';
import { DESIGNER_IDS } from '../testids';
import classes from './Analysis.module.css';
import { useGoTo } from './useGoTo';

const SIGNS = { error: IconCircleX, warning: IconAlertTriangle, info: IconInfoCircle };

interface ProblemLineProps {
  problem: Diagnostic;
  /** Show the layer's name, which selects it. */
  isLinked?: boolean;
}

/** One problem in words, with its fixes: each is a single, undoable step. */
export function ProblemLine({ problem, isLinked = false }: ProblemLineProps) {
  const designer = useDesigner();
  const { editor, panels } = designer;
  const canEdit = useEditor((state) => state.canEdit);
  const document = useDocument();
  const goTo = useGoTo();
  const Sign = SIGNS[problem.severity];
  const nodeId = problem.node_id ?? null;
  const node =
    nodeId === null ? undefined : lookup(scopeOf(document, problem.scope ?? null).nodes, nodeId);
  return (
    <div
      className={classes.problem}
      data-severity={problem.severity}
      data-testid={DESIGNER_IDS.problem}
    >
      <Sign size={16} stroke={1.8} className={classes.sign} aria-label={problem.severity} />
      <div className={classes.problemText}>
        {isLinked && node !== undefined && nodeId !== null && (
          <UnstyledButton className={classes.where} onClick={() => goTo({ nodeId, path: problem.path, param: problem.param })}>
            {node.name}
          </UnstyledButton>
        )}
        <span>{problem.message}</span>
        {canEdit && problem.fixes.length > 0 && (
          <div className={classes.fixes}>
            {problem.fixes.map((fix) => (
              <Button
                key={fix.label}
                size="compact-xs"
                variant="light"
                leftSection={<IconWand size={13} />}
                data-testid={DESIGNER_IDS.fix}
                onClick={() => {
                  const operations = parseOperations(fix.operations);
                  const spacing = spacingFor(portsOfDesigner(designer));
                  editor.perform(fix.label, withRoom(editor.state.document, operations, spacing));
                  panels.canvas?.focus();
                }}
              >
                {fix.label}
              </Button>
            ))}
          </div>
        )}
      </div>
    </div>
  );
}
