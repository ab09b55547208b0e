//! What a write can change.
//!
//! Every row that it touches gets its revision. What a row already has and must keep (ids, slugs, names of endpoints,
//! times of creation) must never be set anew.

use drawbridge_policy::key_use::Exposure;

use crate::column::{from_number, from_time};
use crate::error::StoreError;
use crate::key::Place;
use crate::row::{EndpointRow, KeyRow, ProjectRow};
use crate::search::{self, OfKey};
use crate::sql;
use crate::write::Write;

impl Write {
    /// Adds a project.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Conflict`] when its id or slug is taken.
    pub async fn insert_project(&mut self, row: &ProjectRow) -> Result<(), StoreError> {
        let query = sqlx::query(sql::INSERT_PROJECT)
            .bind(&row.id)
            .bind(&row.slug)
            .bind(&row.name)
            .bind(row.settings.to_string())
            .bind(from_number(self.revision()))
            .bind(from_time(row.created_at))
            .bind(from_time(row.updated_at))
            .bind(search::of_project(&row.id, &row.slug, &row.name));
        self.change("project", query).await
    }

    /// Changes name and settings of the project of that id; id, slug and creation stay.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Missing`].
    pub async fn update_project(&mut self, row: &ProjectRow) -> Result<(), StoreError> {
        let query = sqlx::query(sql::UPDATE_PROJECT)
            .bind(&row.id)
            .bind(&row.name)
            .bind(row.settings.to_string())
            .bind(from_number(self.revision()))
            .bind(from_time(row.updated_at))
            .bind(search::of_project(&row.id, &row.slug, &row.name));
        self.change("project", query).await
    }

    /// Deletes the project of that id, together with its revoked keys.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Missing`], or [`StoreError::Conflict`] when it still has endpoints or
    /// keys that are not revoked.
    pub async fn delete_project(&mut self, id: &str) -> Result<(), StoreError> {
        self.execute(sqlx::query(sql::DELETE_REVOKED_TOKENS).bind(id))
            .await?;
        self.execute(sqlx::query(sql::DELETE_REVOKED_KEYS).bind(id))
            .await?;
        self.change("project", sqlx::query(sql::DELETE_PROJECT).bind(id))
            .await
    }

    /// Adds an endpoint, the last in the order of creation.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Conflict`] when its name is taken or there is no such project.
    pub async fn insert_endpoint(&mut self, row: &EndpointRow) -> Result<(), StoreError> {
        let query = sqlx::query(sql::INSERT_ENDPOINT)
            .bind(&row.project_id)
            .bind(&row.name)
            .bind(row.document.to_string())
            .bind(self.seal_credential(row)?)
            .bind(from_number(self.revision()))
            .bind(from_time(row.created_at))
            .bind(from_time(row.updated_at))
            .bind(search::of_endpoint(&row.name, &row.document));
        self.change("endpoint", query).await
    }

    /// Changes document and credential of the endpoint of that project and name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Missing`].
    pub async fn update_endpoint(&mut self, row: &EndpointRow) -> Result<(), StoreError> {
        let query = sqlx::query(sql::UPDATE_ENDPOINT)
            .bind(&row.project_id)
            .bind(&row.name)
            .bind(row.document.to_string())
            .bind(self.seal_credential(row)?)
            .bind(from_number(self.revision()))
            .bind(from_time(row.updated_at))
            .bind(search::of_endpoint(&row.name, &row.document));
        self.change("endpoint", query).await
    }

    /// Deletes an endpoint. Keys that name it are for the caller to change.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Missing`].
    pub async fn delete_endpoint(
        &mut self,
        project_id: &str,
        name: &str,
    ) -> Result<(), StoreError> {
        self.change(
            "endpoint",
            sqlx::query(sql::DELETE_ENDPOINT)
                .bind(project_id)
                .bind(name),
        )
        .await
    }

    /// Adds a key with its tokens.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Conflict`] when its id or a token is taken or there is no such
    /// project.
    pub async fn insert_key(&mut self, row: &KeyRow) -> Result<(), StoreError> {
        let of_key = OfKey::new(&row.id, &row.document);
        let query = sqlx::query(sql::INSERT_KEY)
            .bind(&row.id)
            .bind(&row.project_id)
            .bind(row.document.to_string())
            .bind(row.revoked_at.map(from_time))
            .bind(from_number(self.revision()))
            .bind(from_time(row.created_at))
            .bind(from_time(row.updated_at))
            .bind(of_key.search)
            .bind(of_key.endpoints)
            .bind(of_key.expires_at);
        self.change("key", query).await?;
        self.insert_tokens(row).await
    }

    /// Changes document, tokens and revocation of the key of that id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Missing`], or [`StoreError::Conflict`] when another key has a token.
    pub async fn update_key(&mut self, row: &KeyRow) -> Result<(), StoreError> {
        let of_key = OfKey::new(&row.id, &row.document);
        let query = sqlx::query(sql::UPDATE_KEY)
            .bind(&row.id)
            .bind(row.document.to_string())
            .bind(row.revoked_at.map(from_time))
            .bind(from_number(self.revision()))
            .bind(from_time(row.updated_at))
            .bind(of_key.search)
            .bind(of_key.endpoints)
            .bind(of_key.expires_at);
        self.change("key", query).await?;
        self.execute(sqlx::query(sql::DELETE_TOKENS).bind(&row.id))
            .await?;
        self.insert_tokens(row).await
    }

    /// Flags the key of that id as one that a page has; no change of the key itself.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Missing`].
    pub async fn expose_key(&mut self, id: &str, exposure: &Exposure) -> Result<(), StoreError> {
        let query = sqlx::query(sql::EXPOSE_KEY)
            .bind(id)
            .bind(from_time(exposure.at))
            .bind(&*exposure.origin);
        self.change("key", query).await
    }

    /// Takes the flag of [`Write::expose_key`] away.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Missing`].
    pub async fn clear_exposure(&mut self, id: &str) -> Result<(), StoreError> {
        let query = sqlx::query(sql::CLEAR_EXPOSURE).bind(id);
        self.change("key", query).await
    }

    async fn insert_tokens(&mut self, row: &KeyRow) -> Result<(), StoreError> {
        for (position, token) in (0_i64..).zip(&row.tokens) {
            let query = sqlx::query(sql::INSERT_TOKEN)
                .bind(&token.digest.as_bytes()[..])
                .bind(&row.id)
                .bind(position)
                .bind(token.expires_at.map(from_time));
            self.execute(query).await?;
        }
        Ok(())
    }

    fn seal_credential(&self, row: &EndpointRow) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(credential) = &row.credential else {
            return Ok(None);
        };
        let place = Place::Endpoint {
            project_id: &row.project_id,
            name: &row.name,
        };
        let sealed = self
            .master_key()
            .seal(&place, credential.expose().as_bytes());
        sealed.map(Some).map_err(StoreError::Unavailable)
    }
}
