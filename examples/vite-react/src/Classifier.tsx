import type { Classification } from 'plumage';
import { type ChangeEvent, useState } from 'react';
import { useModel } from './useModel.ts';

/** What is on the photo that is chosen: the likeliest five classes of the network. */
export function Classifier({ model: address }: { model: string }) {
  const loading = useModel(address);
  const [photo, setPhoto] = useState('');
  const [answer, setAnswer] = useState<Classification | Error>();

  if ('error' in loading) return <p role="alert">{loading.error}</p>;
  if ('progress' in loading) return <p role="status">{loading.progress}</p>;
  const { model } = loading;

  const choose = async ({ target }: ChangeEvent<HTMLInputElement>) => {
    const file = target.files?.[0];
    if (!file) return;
    setPhoto(URL.createObjectURL(file));
    setAnswer(undefined);
    setAnswer(await model.classify(file, { top: 5 }).catch((error: Error) => error));
  };

  return (
    <main>
      <label>
        Photo <input type="file" accept="image/*" onChange={choose} />
      </label>
      {photo && <img src={photo} alt="" height={240} onLoad={() => URL.revokeObjectURL(photo)} />}
      {answer instanceof Error ? <p role="alert">{answer.message}</p> : answer && <Predictions {...answer} />}
    </main>
  );
}

function Predictions({ predictions }: Classification) {
  return (
    <ol>
      {predictions.map(({ label, index, probability }) => (
        <li key={index}>
          {label} <meter value={probability} /> {(100 * probability).toFixed(1)} %
        </li>
      ))}
    </ol>
  );
}
