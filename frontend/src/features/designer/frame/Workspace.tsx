import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState, type KeyboardEvent } from 'react';
import { useStore } from 'zustand';
import { useCommands, useTopic, type Command } from '@/lib';
import { DesignerCanvas } from '../canvas/DesignerCanvas';
import { isTyping } from '../canvas/useCanvasKeys';
import { ComparisonBar } from '../compare/ComparisonBar';
import { commentsKey } from '../comments/useThreads';
import { Palette } from '../palette/Palette';
import { useLivePreview } from '../preview/useLivePreview';
import { PropertyPanel } from '../properties/PropertyPanel';
import { readRevision } from '../state/api';
import type { Catalog } from '../state/catalog';
import { canPerform, COMMANDS, commandForKey } from '../state/commands';
import type { Network } from '../state/contract';
import {
  DesignerProvider,
  useDesigner,
  useDocument,
  useEditor,
  usePanels,
  type Designer,
} from '../state/DesignerContext';
import { useStandings } from '../state/useStandings';
import { LoadWeightsDialog } from '../imports/LoadWeightsDialog';
import { networkKey, useNetworkMeta } from '../state/networkMeta';
import { SurgeryDialog } from '../surgery/SurgeryDialog';
import { openNetwork } from '../state/openNetwork';
import { shortcutText } from '../state/shortcuts';
import { BinnedData } from './BinnedData';
import { BottomPanel } from './BottomPanel';
import { ConflictDialog } from './ConflictDialog';
import { ConnectDialog } from '../connect/ConnectDialog';
import { ExportNetwork } from '../exports/ExportNetwork';
import { FindBar } from '../find/FindBar';
import { ShortcutsDialog } from '../shortcuts/ShortcutsDialog';
import { Notice } from './Notice';
import { TopStrip } from './TopStrip';
import { TrainDialog } from './TrainDialog';
import classes from './Workspace.module.css';

interface WorkspaceProps {
  network: Network;
  catalog: Catalog;
  person: { readonly id: string; readonly name: string };
}

/** An open network: palette, canvas, properties, and what is known about it below. */
export function Workspace({ network, catalog, person }: WorkspaceProps) {
  const [designer] = useState(() => openNetwork(network, catalog, person));
  useEffect(() => designer.start(), [designer]);
  return (
    <DesignerProvider value={designer}>
      <Panes />
    </DesignerProvider>
  );
}

function Panes() {
  const designer = useDesigner();
  const isPaletteOpen = usePanels((state) => state.isPaletteOpen);
  useEffect(() => designer.panels.followWidth(), [designer]);
  const isChosen = useEditor(({ nodeIds, edgeIds }) => nodeIds.size + edgeIds.size > 0);
  useOthersEdits(designer);
  usePageKeys(designer);
  useOfferedCommands(designer);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (isTyping(event.target) || event.defaultPrevented) return;
    const command = commandForKey(designer, event);
    if (command === null) return;
    event.preventDefault();
    command.perform(designer);
  };
  return (
    <div
      className={classes.root}
      data-palette={isPaletteOpen || undefined}
      data-chosen={isChosen || undefined}
      onKeyDown={onKeyDown}
    >
      <DocumentFollowers />
      <TopStrip />
      <BinnedData />
      <div className={classes.middle}>
        {isPaletteOpen && <Palette />}
        <div className={classes.canvas}>
          <DesignerCanvas />
          <ComparisonBar />
          <FindBar />
          <Notice />
        </div>
        <PropertyPanel />
      </div>
      <BottomPanel />
      <ConflictDialog />
      <SurgeryDialog />
      <ConnectDialog />
      <ShortcutsDialog />
      <TrainDialog />
      <ExportNetwork />
      <LoadWeightsDialog />
      <Announcements />
    </div>
  );
}

/** What every edit concerns, apart from the panes, which each edit would otherwise draw anew. */
function DocumentFollowers() {
  useLiveAnalysis();
  useLivePreview();
  useStandings();
  return null;
}

function useLiveAnalysis(): void {
  const { live } = useDesigner();
  const document = useDocument();
  const { dataset_id: datasetId } = useNetworkMeta();
  useEffect(() => live.request(document, datasetId), [live, document, datasetId]);
}

function useOthersEdits({ networkId, saver }: Designer): void {
  const client = useQueryClient();
  const readAgain = (): void => void client.invalidateQueries({ queryKey: networkKey(networkId) });
  useTopic(`network:${networkId}`, {
    since: saver.revision,
    onMessage: (message) => {
      if (message.type === 'operations') saver.receive(readRevision(message, 'message'));
      if (message.type === 'comment') {
        void client.invalidateQueries({ queryKey: commentsKey(networkId) });
      }
    },
    onGap: () => {
      void saver.catchUp();
      if (client.getQueryState(networkKey(networkId))?.status === 'error') readAgain();
    },
    // The network or its project went into the bin: the answer says so, over the canvas.
    onRefused: readAgain,
  });
}

/** Keys pressed while nothing has the keyboard belong to the designer as well. */
function usePageKeys(designer: Designer): void {
  useEffect(() => {
    const listener = (event: globalThis.KeyboardEvent): void => {
      if (event.target !== document.body || event.defaultPrevented) return;
      const command = commandForKey(designer, event);
      if (command === null) return;
      event.preventDefault();
      command.perform(designer);
    };
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, [designer]);
}

/** The command palette of the app offers what the designer can do. */
function useOfferedCommands(designer: Designer): void {
  const changed = useStore(designer.shortcuts.store, (state) => state.changed);
  const commands = useMemo(
    () =>
      COMMANDS.map((command): Command => {
        const shortcut = shortcutText(changed, command);
        return {
          id: `designer.${command.id}`,
          label: command.label,
          group: `Network: ${command.group.toLowerCase()}`,
          ...(shortcut === undefined ? {} : { shortcut }),
          ...(command.keywords === undefined ? {} : { keywords: [...command.keywords] }),
          perform: () => {
            if (canPerform(designer, command)) command.perform(designer);
            else designer.editor.say(`“${command.label}” is not possible just now. ${command.needs ?? ''}`.trim());
          },
        };
      }),
    [designer, changed],
  );
  useCommands('designer', commands);
}

function Announcements() {
  const { text, count } = useEditor((state) => state.announcement);
  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      <span key={count}>{text}</span>
    </div>
  );
}
