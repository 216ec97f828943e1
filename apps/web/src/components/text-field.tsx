import { Field } from "@base-ui/react/field";

interface TextFieldProps {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly placeholder: string;
  readonly value: string;
  /** What is wrong with the value; undefined if nothing is. */
  readonly fault: string | undefined;
  readonly inputMode?: "text" | "numeric";
  readonly onChange: (value: string) => void;
}

/** A labelled line of text with help and, when something is wrong, the fault; all read out together with the label. */
export function TextField({
  name,
  label,
  help,
  placeholder,
  value,
  fault,
  inputMode = "text",
  onChange,
}: TextFieldProps) {
  return (
    <Field.Root name={name} invalid={fault !== undefined} className="flex flex-col">
      <Field.Label className="field-label">{label}</Field.Label>
      <Field.Control
        value={value}
        onValueChange={onChange}
        placeholder={placeholder}
        inputMode={inputMode}
        autoComplete="off"
        className="field"
      />
      {fault !== undefined && (
        <Field.Error match={true} className="cap mt-1 text-gone wrap-anywhere">
          <span aria-hidden="true">▲ </span>
          {fault}
        </Field.Error>
      )}
      <Field.Description className="cap mt-1">{help}</Field.Description>
    </Field.Root>
  );
}
