import { Problem, http, type Upload } from '@/api';

const UPLOAD_OFFSET = 'upload_offset';
const NOT_FOUND = 404;
const PATIENCE = 8;

interface UploadOptions {
  projectId: string;
  name: string;
  content: Blob;
  /** What identifies the content on this computer; a reload then goes on where it stopped. */
  resumeKey?: string;
  onProgress: (sentBytes: number) => void;
  signal: AbortSignal;
  /** Waiting between tries, in milliseconds; tests make it short. */
  retryDelayMs?: number;
}

/** Sends a file in chunks and goes on after a lost connection. Answers the upload's id. */
export async function uploadFile(options: UploadOptions): Promise<string> {
  const { content, signal, onProgress, retryDelayMs = 500 } = options;
  let upload = await resumed(options) ?? (await begin(options));
  let failures = 0;
  while (upload.offset < content.size) {
    signal.throwIfAborted();
    onProgress(upload.offset);
    const chunk = content.slice(upload.offset, upload.offset + upload.chunk_bytes);
    try {
      upload = await http.put<Upload>(`/api/uploads/${upload.id}`, chunk, { offset: upload.offset }, signal);
      failures = 0;
    } catch (error) {
      failures += 1;
      if (!isWorthRetrying(error) || failures > PATIENCE) throw error;
      await pause(retryDelayMs * 2 ** Math.min(failures - 1, 5), signal);
      upload = await whereItStands(upload);
    }
  }
  onProgress(content.size);
  forget(options.resumeKey);
  return upload.id;
}

/** The page may not reach the server, or the server may have received more than was answered. */
function isWorthRetrying(error: unknown): boolean {
  if (!(error instanceof Problem)) return false;
  return error.status === 0 || error.status >= 500 || error.code === UPLOAD_OFFSET;
}

async function whereItStands(upload: Upload): Promise<Upload> {
  try {
    return await http.get<Upload>(`/api/uploads/${upload.id}`);
  } catch (error) {
    if (error instanceof Problem && error.status === NOT_FOUND) throw error;
    return upload;
  }
}

async function begin({ projectId, name, content, resumeKey }: UploadOptions): Promise<Upload> {
  const upload = await http.post<Upload>('/api/uploads', {
    project_id: projectId,
    file_name: name,
    size_bytes: content.size,
  });
  if (resumeKey !== undefined) sessionStorage.setItem(resumeKey, upload.id);
  return upload;
}

async function resumed({ resumeKey, content }: UploadOptions): Promise<Upload | null> {
  const id = resumeKey === undefined ? null : sessionStorage.getItem(resumeKey);
  if (id === null) return null;
  try {
    const upload = await http.get<Upload>(`/api/uploads/${id}`);
    return upload.size_bytes === content.size ? upload : null;
  } catch {
    forget(resumeKey);
    return null;
  }
}

function forget(resumeKey: string | undefined): void {
  if (resumeKey !== undefined) sessionStorage.removeItem(resumeKey);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new DOMException('The upload was cancelled.', 'AbortError'));
    });
  });
}

export function resumeKeyOf(projectId: string, file: File): string {
  return `netloom.upload:${projectId}:${file.name}:${String(file.size)}:${String(file.lastModified)}`;
}
