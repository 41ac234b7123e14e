/**
 * The server's models under the names the pages use. They are generated from the OpenAPI document
 * (`npm run api`), so a change on the server is a type error here.
 */
import type { components } from './schema.gen';

type Schemas = components['schemas'];

export type Session = Schemas['SessionOut'];
export type Person = Schemas['PersonOut'];
export type ProjectRef = Schemas['ProjectRef'];
export type Role = ProjectRef['role'];
export type Project = Schemas['ProjectOut'];
export type Member = Schemas['MemberOut'];
export type Invitation = Schemas['InvitationOut'];
export type InvitationLook = Schemas['InvitationLook'];
export type ApiToken = Schemas['ApiTokenOut'];
export type Device = Schemas['DeviceOut'];

export type Job = Schemas['JobOut'];
export type JobState = Job['state'];
export type Upload = Schemas['UploadOut'];

export type ProjectStorage = Schemas['ProjectStorage'];
export type StoragePart = ProjectStorage['parts'][number];
export type StoredThing = ProjectStorage['things'][number];
export type Freeable = ProjectStorage['freeable'][number];
export type PersonStorage = Schemas['PersonStorage'];
export type StorageLimit = PersonStorage['limits'][number];
export type OpenUpload = PersonStorage['uploads'][number];
export type Bin = Schemas['BinOut'];
export type BinnedThing = Bin['items'][number];
export type BinnedProjectList = Schemas['BinnedProjectList'];
export type BinnedProject = BinnedProjectList['items'][number];

export type DatasetSummary = Schemas['DatasetSummary'];
export type Dataset = Schemas['Dataset'];
export type LabelClass = Schemas['LabelClass'];
export type SplitCounts = Schemas['SplitCounts'];
export type Split = keyof SplitCounts;
export type Item = Schemas['Item'];
export type ItemState = Item['state'];
export type ItemDetail = Schemas['ItemDetail'];
export type ItemEvent = Schemas['ItemEvent'];
export type LabelsSet = Schemas['LabelsSet'];
export type ImportReport = Schemas['ImportReport'];
export type ImportFolders = Schemas['ImportFolders'];
export type NewImport = Schemas['NewImport'];
export type DatasetVersion = Schemas['DatasetVersion'];
export type Statistics = Schemas['Statistics'];

export type Network = Schemas['Network'];
export type NetworkSummary = Schemas['NetworkSummary'];
export type WeightSetSummary = Schemas['WeightSetSummary'];
export type WeightSet = Schemas['WeightSet'];
export type NetworkImportReport = WeightSet['report'];
export type ImportedPiece = Schemas['ImportedPiece'];
export type WeightFileSummary = Schemas['WeightFileSummary'];
export type WeightFileFits = Schemas['WeightFileFits'];
export type WeightMatching = Schemas['WeightMatching'];
export type MatchRow = Schemas['MatchRow'];
export type WeightStandings = Schemas['Standing'];
export type TrainedWeights = Schemas['TrainedWeights'];
export type TransferOptions = Schemas['TransferOptions'];
export type TransferPlan = Schemas['TransferPlan'];
export type TransferMade = Schemas['TransferMade'];
export type TransferSource = Schemas['TransferSource'];

export type ZooPage = Schemas['ZooPage'];
export type ZooRow = Schemas['CatalogueRow'];
export type ZooEntry = Schemas['ZooEntryOut'];
export type ZooWeights = ZooEntry['weights'][number];

export type Preview = Schemas['PreviewOut'];
export type NodeActivation = Schemas['NodeActivation'];
export type TensorSummary = Schemas['TensorSummary'];
export type PreviewQuestion = Schemas['PreviewIn'];

export type ExportFormat = Schemas['ExportFormat'];
export type ExportGap = Schemas['ExportGap'];
export type ExportQuestion = Schemas['ExportIn'];
export type ExportedNetwork = Schemas['Export'];

export type RunSummary = Schemas['RunSummary'];
export type Run = Schemas['Run'];
export type RunState = RunSummary['state'];
export type RunConfig = Schemas['RunConfig'];
export type RunCheck = Schemas['RunCheck'];
export type RunProposal = Schemas['RunProposal'];
export type RunProblem = Schemas['RunProblem'];
export type RunStart = Schemas['RunStart'];
export type RunEvents = Schemas['RunEvents'];
export type RunEvent = Schemas['NumberedEvent']['event'];
export type RunMetrics = Schemas['RunMetrics'];
export type MetricSeries = Schemas['MetricSeries'];
export type RunComparison = Schemas['RunComparison'];
export type CheckpointInfo = Schemas['CheckpointOut'];

export type Prediction = Schemas['PredictionOut'];
export type FoundBoxes = Schemas['FoundBoxes'];
export type FoundBox = Schemas['Box'];
export type Explanation = Schemas['ExplanationOut'];
export type ExplanationMethod = Explanation['method'];
export type ExplainableLayer = Schemas['ExplainableLayer'];
export type Evaluation = Schemas['EvaluationOut'];
export type EvaluationSummary = Schemas['EvaluationSummary'];
export type EvaluatedItem = Schemas['EvaluatedItem'];

/** A list with keyset paging: ask again with `next` as the cursor. */
export interface Page<T> {
  items: T[];
  total: number;
  next?: string | null;
}

/** RFC 9457 problem details. */
export interface ProblemBody {
  type?: string;
  title?: string;
  status?: number;
  code?: string;
  detail?: string;
  next_step?: string;
  data?: Record<string, unknown> | null;
  error_id?: string | null;
}

export type Severity = RunProblem['severity'];
export interface Diagnostic {
  code: string;
  severity: Severity;
  message: string;
  scope?: string | null;
  node_id?: string | null;
  port?: string | null;
  param?: string | null;
  edge_id?: string | null;
  path?: string | null;
  fixes: { label: string; operations: unknown[] }[];
}

export type AskableWeights = Schemas['AskableWeights'];
export type PredictionTable = Schemas['PredictionTableOut'];
export type PredictionTableSummary = Schemas['PredictionTableSummary'];
export type PredictedRow = Schemas['PredictedRow'];
export type FeatureLayer = Schemas['FeatureLayerOut'];
export type Baseline = Schemas['BaselineSummary'];
export type BaselineComparison = Schemas['BaselineComparison'];
