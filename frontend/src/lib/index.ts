export { useCommands, useCommandStore, type Command } from './commands';
export { amountText, parseAmount, type AmountKind } from './amounts';
export * from './format';
export { hasFolder } from './hasFolder';
export {
  SESSION_KEY, chooseProject, roleAllows, sessionQuery, useAdoptSession, useProject, useSession,
} from './session';
export { TESTIDS } from './testids';
export { cancelJob, isOver, queueText, useActiveJobs, useJob, useProjectTopic } from './jobs';
export { SocketClient, type Connection, type TopicMessage } from './socket/client';
export { socket, useConnection, useTopic } from './socket/useTopic';
export { useStudioAway } from './useStudioAway';
