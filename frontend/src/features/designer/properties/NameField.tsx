import { namesOf } from '../document/names';
import { renameNode } from '../document/rename';
import type { Node } from '../document/types';
import { useDesigner, usePanels, useScope } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import { IdentifierField } from './IdentifierField';

/** The node's name, unique in its scope. */
export function NameField({ nodeId, node }: { nodeId: string; node: Node }) {
  const { editor } = useDesigner();
  const scope = useScope();
  const focusName = usePanels((state) => state.focusName);
  return (
    <IdentifierField
      value={node.name}
      spoken="Name"
      takenBy={(text) => (namesOf(scope.nodes).has(text) ? 'Another layer has this name.' : null)}
      testId={DESIGNER_IDS.nodeName}
      focusRequests={focusName}
      onRename={(text) =>
        editor.perform(
          `Rename ${node.name} to ${text}`,
          renameNode(editor.state.document, editor.scopeId, nodeId, text),
        )
      }
    />
  );
}
