//! Statements that go to SQLite together. sqlx hands each call from thread to thread, which takes longer than most
//! statements do.

use crate::error::StoreError;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Encode, Sqlite, SqliteConnection, Type};

/// Statements and the values of their parameters, which are anonymous (`?`) and bound in their order. The first that
/// fails ends the batch; what came before it is done.
#[derive(Default)]
pub(crate) struct Batch {
    sql: String,
    arguments: SqliteArguments,
    refused: Option<sqlx::Error>,
}

impl Batch {
    /// Adds a statement. Its values are bound next.
    pub(crate) fn add(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self.sql.push_str(";\n");
        self
    }

    /// Binds the next parameter.
    pub(crate) fn bind<'t, T: Encode<'t, Sqlite> + Type<Sqlite>>(&mut self, value: T) -> &mut Self {
        if let Err(error) = self.arguments.add(value) {
            self.refused.get_or_insert(sqlx::Error::Encode(error));
        }
        self
    }

    /// Runs what was added; the batch is empty then.
    ///
    /// # Errors
    /// That of the first statement that failed.
    pub(crate) async fn run(&mut self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let Self { sql, arguments, refused } = std::mem::take(self);
        if let Some(error) = refused {
            return Err(error.into());
        }
        if !sql.is_empty() {
            sqlx::query_with(AssertSqlSafe(sql), arguments).execute(connection).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Connection;

    #[tokio::test]
    async fn each_statement_of_a_batch_gets_its_own_values() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let mut batch = Batch::default();
        batch.add("CREATE TABLE t (a, b)");
        batch.run(&mut connection).await.unwrap();
        batch.add("INSERT INTO t VALUES (?, ?)").bind(1).bind("x");
        batch.add("INSERT INTO t VALUES (?, 'y')").bind(2);
        batch.add("UPDATE t SET a = a + ? WHERE b = ?").bind(10).bind("y");
        batch.run(&mut connection).await.unwrap();
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT a, b FROM t ORDER BY b").fetch_all(&mut connection).await.unwrap();
        assert_eq!(rows, [(1, "x".to_owned()), (12, "y".to_owned())]);
    }

    #[tokio::test]
    async fn the_statement_that_fails_ends_a_batch() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let mut batch = Batch::default();
        batch.add("CREATE TABLE t (a NOT NULL)").add("INSERT INTO t VALUES (1)");
        batch.add("INSERT INTO t VALUES (?)").bind(None::<i64>).add("INSERT INTO t VALUES (3)");
        assert!(batch.run(&mut connection).await.is_err());
        let rows: Vec<i64> = sqlx::query_scalar("SELECT a FROM t").fetch_all(&mut connection).await.unwrap();
        assert_eq!(rows, [1]);
    }
}
