//! The members of a resource's document, and the three forms that the document takes.

use serde_json::{Map, Value, json};

/// Which way a document goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// To the client.
    Answer,
    /// From the client, as a new resource.
    Create,
    /// From the client, as a merge patch.
    Update,
}

/// An object, which is a schema of its own in each form.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) members: Vec<Member>,
}

/// One member of an object.
#[derive(Debug)]
pub(super) struct Member {
    name: &'static str,
    about: &'static str,
    kind: Kind,
    writer: Writer,
    default: Option<Value>,
    /// Whether a document without it creates nothing.
    is_required: bool,
    /// Whether answers always have it, only where it was set, or never.
    shown: Shown,
}

/// What a member is.
#[derive(Debug)]
pub(super) enum Kind {
    /// A value with this schema.
    Plain(Value),
    /// An object.
    Object(Object),
    /// An object, or null.
    ObjectOrNull(Object),
    /// An array of such values or such objects.
    List(Value, Object),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    /// The gateway.
    Gateway,
    /// The client, once.
    Creator,
    /// The client.
    Anyone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Always,
    IfSet,
    Never,
}

impl From<Value> for Kind {
    fn from(schema: Value) -> Self {
        Self::Plain(schema)
    }
}

impl From<Object> for Kind {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl Member {
    /// A member that clients may write at any time.
    pub(super) fn new(name: &'static str, kind: impl Into<Kind>, about: &'static str) -> Self {
        Self {
            name,
            about,
            kind: kind.into(),
            writer: Writer::Anyone,
            default: None,
            is_required: false,
            shown: Shown::Always,
        }
    }

    /// A member that only the gateway writes.
    pub(super) fn made(name: &'static str, kind: impl Into<Kind>, about: &'static str) -> Self {
        Self {
            writer: Writer::Gateway,
            ..Self::new(name, kind, about)
        }
    }

    /// A member that never changes after the creation.
    pub(super) fn fixed(name: &'static str, kind: impl Into<Kind>, about: &'static str) -> Self {
        Self {
            writer: Writer::Creator,
            ..Self::new(name, kind, about)
        }
    }

    pub(super) fn required(self) -> Self {
        Self {
            is_required: true,
            ..self
        }
    }

    /// What it is where a creation leaves it out.
    pub(super) fn default(self, value: impl Into<Value>) -> Self {
        Self {
            default: Some(value.into()),
            ..self
        }
    }

    /// Left out of answers where it was not set.
    pub(super) fn shown_if_set(self) -> Self {
        Self {
            shown: Shown::IfSet,
            ..self
        }
    }

    /// Never answered.
    pub(super) fn secret(self) -> Self {
        Self {
            shown: Shown::Never,
            ..self
        }
    }

    /// The member's schema in a form that has it.
    fn schema(&self, form: Form) -> Option<Value> {
        let is_shown = self.shown != Shown::Never;
        let is_written = match self.writer {
            Writer::Gateway => false,
            Writer::Creator => form == Form::Create,
            Writer::Anyone => form != Form::Answer,
        };
        let mut schema = match form {
            Form::Answer if !is_shown => return None,
            Form::Create if !is_written => return None,
            // Sent back as it is.
            Form::Update if !is_written => {
                if !is_shown {
                    return None;
                }
                let mut schema = self.kind.schema(Form::Answer);
                schema["readOnly"] = true.into();
                schema
            }
            Form::Update if !self.is_required => nullable(self.kind.schema(form)),
            _ => self.kind.schema(form),
        };
        if !is_shown {
            schema["writeOnly"] = true.into();
        }
        if let Some(default) = self.default.as_ref().filter(|_| form == Form::Create) {
            schema["default"] = default.clone();
        }
        schema["description"] = self.about.into();
        Some(schema)
    }

    fn is_required(&self, form: Form) -> bool {
        match form {
            Form::Answer => self.shown == Shown::Always,
            Form::Create => self.is_required,
            Form::Update => false,
        }
    }
}

impl Kind {
    fn schema(&self, form: Form) -> Value {
        match self {
            Self::Plain(schema) => schema.clone(),
            Self::Object(object) => object.reference(form),
            Self::ObjectOrNull(object) => {
                json!({"anyOf": [object.reference(form), {"type": "null"}]})
            }
            Self::List(simple, object) => json!({
                "type": "array",
                "items": {"anyOf": [simple, object.reference(in_array(form))]},
                "maxItems": 1000,
            }),
        }
    }
}

/// Merge patches replace arrays: what stands in one is whole.
fn in_array(form: Form) -> Form {
    match form {
        Form::Update => Form::Create,
        other => other,
    }
}

impl Object {
    /// The object's schema in one form, by reference.
    pub(super) fn reference(&self, form: Form) -> Value {
        reference(&name(self.name, form))
    }

    /// Adds the object's schemas, and those of the objects in it.
    pub(super) fn define(&self, forms: &[Form], schemas: &mut Map<String, Value>) {
        for form in forms {
            schemas.insert(name(self.name, *form), self.schema(*form));
        }
        for member in &self.members {
            match &member.kind {
                Kind::Plain(_) => {}
                Kind::Object(object) | Kind::ObjectOrNull(object) => {
                    object.define(forms, schemas);
                }
                Kind::List(_, object) => {
                    let forms: Vec<_> = forms.iter().copied().map(in_array).collect();
                    object.define(&forms, schemas);
                }
            }
        }
    }

    fn schema(&self, form: Form) -> Value {
        let mut properties = Map::new();
        let mut required: Vec<&str> = Vec::new();
        for member in &self.members {
            let Some(schema) = member.schema(form) else {
                continue;
            };
            properties.insert(member.name.to_owned(), schema);
            if member.is_required(form) {
                required.push(member.name);
            }
        }
        let mut schema =
            json!({"type": "object", "description": self.about, "properties": properties});
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        // What is sent is never ignored; what is answered may have more in a later release.
        if form != Form::Answer {
            schema["additionalProperties"] = false.into();
        }
        schema
    }
}

/// The name of a resource's schema in one form.
pub(super) fn name(resource: &str, form: Form) -> String {
    let suffix = match form {
        Form::Answer => "",
        Form::Create => "Create",
        Form::Update => "Update",
    };
    format!("{resource}{suffix}")
}

/// The schema of that name.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// The same schema, or null.
fn nullable(mut schema: Value) -> Value {
    let null = json!({"type": "null"});
    if schema["anyOf"]
        .as_array()
        .is_some_and(|parts| parts.contains(&null))
    {
        return schema;
    }
    let Some(kind) = schema["type"].as_str().map(str::to_owned) else {
        return match schema["type"].is_array() {
            true => schema,
            false => json!({"anyOf": [schema, {"type": "null"}]}),
        };
    };
    schema["type"] = json!([kind, "null"]);
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        values.push(Value::Null);
    }
    schema
}
