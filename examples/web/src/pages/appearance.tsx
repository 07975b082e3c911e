import { useState } from "react";
import type { Appearance as Values } from "../api/types.ts";
import { applyAppearance } from "../settings/apply.ts";
import { useAccount } from "../session.tsx";
import { Button } from "../ui/button.tsx";
import { Options, Switch } from "../ui/choice.tsx";
import { SelectField } from "../ui/field.tsx";
import { Card, Page } from "../ui/page.tsx";
import { SaveState, useSaving } from "../ui/saving.tsx";
import { NoSettings } from "./no-settings.tsx";

const accents = [
  { value: "#2563eb", name: "Blue" },
  { value: "#7c3aed", name: "Violet" },
  { value: "#db2777", name: "Pink" },
  { value: "#dc2626", name: "Red" },
  { value: "#ea580c", name: "Orange" },
  { value: "#16a34a", name: "Green" },
  { value: "#0d9488", name: "Teal" },
  { value: "#475569", name: "Slate" },
];

const locales = ["en", "en-GB", "en-US", "de", "de-CH", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt-BR", "sv", "tr", "uk", "zh-Hans"];

export function Appearance() {
  const { settings } = useAccount();
  const { save, state } = useSaving();
  if (!settings) return <NoSettings title="Appearance" />;
  const a = settings.appearance;
  const set = (change: Partial<Values>) => void save({ appearance: change });
  return (
    <Page title="Appearance" lead="How everything looks for you, on all your devices." actions={<SaveState state={state} />}>
      <Card title="Theme">
        <Options
          legend="Theme"
          hideLegend
          shape="cards"
          value={a.theme}
          onChange={(theme) => set({ theme })}
          options={[
            { value: "system", label: "System", icon: "monitor", hint: "As your device does" },
            { value: "light", label: "Light", icon: "sun", hint: "For daylight" },
            { value: "dark", label: "Dark", icon: "moon", hint: "For the evening" },
          ]}
        />
      </Card>
      <Card title="Accent colour" lead="For buttons, links and what is selected.">
        <Accents value={a.accent} onChange={(accent) => set({ accent })} />
      </Card>
      <Card title="Size and motion">
        <div className="stack">
          <Options
            legend="Density"
            value={a.density}
            onChange={(density) => set({ density })}
            options={[
              { value: "comfortable", label: "Comfortable" },
              { value: "compact", label: "Compact" },
            ]}
          />
          <FontScale appearance={a} onChange={(fontScale) => set({ fontScale })} />
          <Switch
            label="Reduce motion"
            hint="Without animations, also when your device allows them."
            checked={a.reducedMotion}
            onChange={(reducedMotion) => set({ reducedMotion })}
          />
        </div>
      </Card>
      <Card title="Region" lead="How dates and times are written.">
        <div className="grid">
          <SelectField label="Language of dates" value={settings.locale} onValue={(locale) => void save({ locale })}>
            {withOwn(locales, settings.locale).map((l) => (
              <option key={l} value={l}>
                {languageName(l)}
              </option>
            ))}
          </SelectField>
          <SelectField label="Time zone" value={settings.timeZone} onValue={(timeZone) => void save({ timeZone })} hint={settings.timeZone === "UTC" ? "With UTC, times are shown as on this device." : undefined}>
            {zones(settings.timeZone).map((z) => (
              <option key={z} value={z}>
                {z.replaceAll("_", " ")}
              </option>
            ))}
          </SelectField>
        </div>
      </Card>
    </Page>
  );
}

function Accents({ value, onChange }: { value: string; onChange(value: string): void }) {
  const own = !accents.some((x) => x.value === value.toLowerCase());
  const [picked, setPicked] = useState<string | null>(null);
  const draft = picked ?? value;
  const commit = () => {
    setPicked(null);
    if (draft !== value) onChange(draft);
  };
  return (
    <div className="accents">
      <fieldset className="accents-list">
        <legend className="visually-hidden">Accent colour</legend>
        {accents.map((x) => (
          <label key={x.value} className="accent" title={x.name}>
            <input type="radio" name="accent" value={x.value} checked={value.toLowerCase() === x.value} onChange={() => onChange(x.value)} style={{ backgroundColor: x.value }} />
            <span className="visually-hidden">{x.name}</span>
          </label>
        ))}
      </fieldset>
      <label className={`accent-own${own ? " accent-own-on" : ""}`}>
        {/* The browser tells every step of a drag; only the last one is stored. */}
        <input type="color" value={draft} onChange={(e) => setPicked(e.target.value)} onBlur={commit} />
        <span>Your own</span>
      </label>
      {draft !== value && <Button onClick={commit}>Use this colour</Button>}
    </div>
  );
}

// FontScale shows every step at once and stores where the hand lets go.
function FontScale({ appearance, onChange }: { appearance: Values; onChange(value: number): void }) {
  const [moved, setMoved] = useState<number | null>(null);
  const draft = moved ?? appearance.fontScale;
  const commit = () => {
    setMoved(null);
    if (draft !== appearance.fontScale) onChange(draft);
  };
  return (
    <div className="field">
      <div className="field-top">
        <label htmlFor="font-scale">Size of text</label>
        <output htmlFor="font-scale">{Math.round(draft * 100)} %</output>
      </div>
      <input
        id="font-scale"
        type="range"
        min={0.8}
        max={1.5}
        step={0.05}
        value={draft}
        aria-valuetext={`${Math.round(draft * 100)} percent`}
        onChange={(e) => {
          const fontScale = Number(e.target.value);
          setMoved(fontScale);
          applyAppearance({ ...appearance, fontScale });
        }}
        onPointerUp={commit}
        onKeyUp={commit}
        onBlur={commit}
      />
    </div>
  );
}

function withOwn(list: string[], own: string): string[] {
  return list.includes(own) ? list : [own, ...list];
}

function zones(own: string): string[] {
  const all = Intl.supportedValuesOf("timeZone");
  return withOwn(all.includes("UTC") ? all : ["UTC", ...all], own);
}

function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames("en", { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}
